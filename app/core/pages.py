"""Pages are HTML first: the same door answers a plain visit with a page and an htmx request with the partial in it."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from .extensions import htmx
from .hooks import Hooks

PRIORITY = ("payment_owed", "past_due", "upgrade_waiting", "change_pending", "paused", "trial_ending", "card_expiring")


@dataclass(frozen=True)
class Banner:
    """The one message under the header; `reason` is a word of PRIORITY and decides which of several is shown."""

    reason: str
    kind: str  # danger | warning | info
    text: str
    action_label: str = ""
    action_url: str = ""


banners: Hooks[Callable[[], Banner | None]] = Hooks()
"""Rooms add a function that looks at the current organization; the most urgent answer is shown."""


def banner() -> Banner | None:
    found = [message for ask in banners if (message := ask()) is not None]
    return min(found, key=lambda message: PRIORITY.index(message.reason), default=None)


def wants_partial() -> bool:
    """An htmx swap; not a boosted link and not the history being restored, which both need the whole page."""
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render(page: str, partial: str | None = None, **context: object) -> str:
    """The partial for an htmx swap, the page (which includes that partial) for a plain visit."""
    return render_template(partial if partial and wants_partial() else page, **context)


def refresh(partial: str, url: str, **context: object) -> ResponseReturnValue:
    """After a deed: the partial in its new state, or a redirect to the page that shows it."""
    if wants_partial():
        return render_template(partial, **context)
    return redirect(url, 303)


def go(url: str) -> Response:
    """Send the browser to another page of ours: a redirect, or HX-Redirect for an htmx request."""
    if wants_partial():
        return Response("", 200, {"HX-Redirect": url})
    return Response("", 303, {"Location": url})


def safe_next(target: str | None, default: str | None = None) -> str:
    """A path on this site, whatever was asked for; anything doubtful becomes the default (the overview).

    Browsers read a backslash as a slash and drop tabs and line breaks, so only a plain absolute path passes.
    """
    fallback = default or url_for("overview.index")
    if not target or not target.startswith("/") or target.startswith("//"):
        return fallback
    if "\\" in target or any(ord(character) <= 32 or ord(character) == 127 for character in target):
        return fallback
    try:
        parts = urlsplit(target)
    except ValueError:
        return fallback
    return fallback if parts.scheme or parts.netloc or parts.path.startswith("//") else target


def public_url(endpoint: str, **values: str) -> str:
    """An absolute address for a mail: from PUBLIC_URL, never from a request's Host."""
    settings = current_app.extensions["settings"]
    address = urlsplit(settings.public_url)
    urls = current_app.url_map.bind(address.netloc, url_scheme=address.scheme)
    return urls.build(endpoint, values, force_external=True)


def here() -> str:
    """Path and query of this request, to come back to after signing in."""
    return request.full_path.rstrip("?")


def init_app(app: Flask) -> None:
    app.context_processor(lambda: {"banner": banner, "product_name": app.extensions["settings"].product_name})
