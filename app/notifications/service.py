"""Render a mail and hand it to the mail server. Called in the background only; `tasks.record("send_mail", …)` asks for it."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import urlsplit

import css_inline
from flask import current_app, render_template

from app.core import clock
from app.core.config import Settings

from . import smtp


class NotOneAddress(ValueError):
    """A recipient that is not exactly one mail address; nothing is sent. The address itself is not repeated."""

    def __init__(self) -> None:
        super().__init__("a recipient is not one mail address")


is_idle: dict[str, Callable[[str], bool]] = {}
"""By template: is what the mail is about (`about` in its payload) settled by now? The rooms above fill this in."""

_inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


def is_stale(payload: dict[str, Any]) -> bool:
    """Whether a mail comes too late to be sent: its instant `stale_at` (business time) has come, or it would be idle talk."""
    if "stale_at" in payload and clock.now() >= datetime.fromisoformat(payload["stale_at"]):
        return True
    return payload["template"] in is_idle and is_idle[payload["template"]](payload["about"])


def deliver(key: str, payload: dict[str, Any], begin: Callable[[], None]) -> None:
    """Send the mail of task `key`: `payload` names a template, the recipients and the plain values it shows.

    `begin` is called right before it goes out. Raises smtp.Unreachable, smtp.Refused, and any other OSError or
    smtplib.SMTPException when nobody knows whether the server has it. A worker that dies between the server's yes and its
    own commit sends twice, under one Message-ID, which mailboxes show once.
    """
    settings: Settings = current_app.extensions["settings"]
    smtp.send(settings.smtp_url.get_secret_value(), compose(settings, key, payload), _host(settings), begin)


def compose(settings: Settings, key: str, payload: dict[str, Any]) -> EmailMessage:
    """The finished message, text and HTML. Raises NotOneAddress."""
    context = {"seller_name": settings.seller_name, "support_email": settings.support_email, **payload["context"]}
    name = f"email/{payload['template']}"
    message = EmailMessage()
    message["From"] = _sender(settings.mail_from)
    message["To"] = [_recipient(address) for address in payload["to"]]
    # One line whatever a name brought along: a header must not be broken into two.
    message["Subject"] = " ".join(render_template(f"{name}.subject.txt", **context).split())
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{_host(settings)}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies, please
    message.set_content(render_template(f"{name}.txt", **context).strip() + "\n")
    message.add_alternative(_inliner.inline(render_template(f"{name}.html", **context)), subtype="html")
    return message


def _recipient(address: str) -> Address:
    try:
        return Address(addr_spec=address)
    except (ValueError, IndexError, HeaderParseError) as error:  # the parser's three ways of saying no
        raise NotOneAddress() from error


def _sender(mail_from: str) -> Address:
    name, address = parseaddr(mail_from)
    return Address(display_name=name, addr_spec=address)


def _host(settings: Settings) -> str:
    return urlsplit(settings.public_url).hostname or "localhost"
