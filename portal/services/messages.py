"""The mails caught so far: one .eml file each, named so that sorting by name sorts by arrival."""

import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

SENT_TO = "X-Envelope-To"  # who the mail was really for: blind copies are in no other header


@dataclass(frozen=True)
class Message:
    """One mail as a person would read it."""

    id: str
    to: list[str]
    subject: str
    date: datetime | None
    text: str | None
    html: str | None
    headers: dict[str, str]


def save(directory: Path, recipients: Sequence[str], content: bytes) -> str:
    """Write a mail to disk and answer its id. When this returns, a power cut cannot lose it."""
    name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
    unfinished = directory / f"{name}.unfinished"
    with unfinished.open("xb") as file:
        file.write(f"{SENT_TO}: {', '.join(recipients)}\r\n".encode() + content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(directory / f"{name}.eml")
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return name


def newest_first(directory: Path, to: str = "", before: str = "") -> Iterator[Message]:
    """The mails to one address (all, if empty) that arrived before the one named; each is read only when asked for."""
    for file in sorted(directory.glob("*.eml"), reverse=True):
        if before and file.stem >= before:
            continue
        message = get(directory, file.stem)
        if message and (not to or to.casefold() in map(str.casefold, message.to)):
            yield message


def get(directory: Path, identifier: str) -> Message | None:
    """The mail with this id, or None."""
    file = directory / f"{identifier}.eml"
    if file.parent != directory or not file.is_file():
        return None
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    return Message(
        id=identifier,
        to=[address.strip() for address in str(mail.get(SENT_TO, "")).split(",") if address.strip()],
        subject=str(mail.get("Subject", "")),
        date=_date(mail),
        text=_body(mail, "plain"),
        html=_body(mail, "html"),
        headers={name: str(value) for name, value in mail.items() if name != SENT_TO},
    )


def delete_all(directory: Path) -> None:
    """Forget every mail."""
    for file in directory.glob("*.eml"):
        file.unlink(missing_ok=True)


def _date(mail: EmailMessage) -> datetime | None:
    with contextlib.suppress(ValueError, TypeError):
        return getattr(mail["Date"], "datetime", None)
    return None


def _body(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body(preferencelist=(kind,))
    if part is None:
        return None
    try:
        return str(part.get_content())
    except (LookupError, ValueError):  # an unknown or wrong character set
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")
