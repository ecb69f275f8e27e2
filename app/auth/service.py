"""Verbs on people and sessions. Doors hand in what a browser said; nothing here reads a request."""

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from app.audit import service as audit
from app.core import clock, tasks
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.pages import public_url
from app.core.transactions import apart

from . import backoff, passwords, tokens
from .models import ABSOLUTE, IDLE, SEEN_EVERY, User, UserSession


class EmailTaken(PortalError):
    """Raised to the form, which words it so that it says as little as it can."""

    status = 422
    code = "email_not_available"

    def __init__(self, user: User) -> None:
        super().__init__(_("This address cannot be used for a new account."))
        self.user = user


class WrongPassword(PortalError):
    """One sentence for an unknown address and for a wrong password."""

    status = 422
    code = "sign_in_failed"

    def __init__(self) -> None:
        super().__init__(_("Email and password do not match."))


def find(email: str) -> User | None:
    """The person with this address, which is written in lower case."""
    return db.session.scalar(select(User).where(User.email == email))


def sign_up(email: str, name: str, password: str, *, verified: bool = False) -> User:
    """A new person; their address is `verified` when a mailed link brought them. Raises EmailTaken.

    The password is hashed before the address is looked at, so that both outcomes take the same time.
    """
    password_hash = passwords.hash_password(password)
    if (taken := find(email)) is not None:
        raise EmailTaken(taken)
    user = User(email=email, name=name, password_hash=password_hash)
    user.email_verified_at = clock.wall() if verified else None
    try:
        with db.session.begin_nested():
            db.session.add(user)
    except IntegrityError as error:  # a second press of the button was faster
        raise EmailTaken(db.session.scalars(select(User).where(User.email == email)).one()) from error
    audit.write("user.signed_up", user.public_id, user_id=user.id)
    if not verified:
        ask_to_verify(user)
    return user


def sign_in(email: str, password: str, *, device: str | None = None) -> User:
    """The person behind `email` and `password`. Raises WrongPassword, or backoff.Closed after too many tries.

    `device` is what `devices` knows of the browser: its own tries are counted apart from everybody else's.
    """
    account = backoff.account(email, device)
    backoff.attempt(account)
    user = find(email)
    if not passwords.verify(user.password_hash if user else None, password) or user is None:
        audit.write_apart("user.sign_in_failed", user.public_id if user else "", user_id=user.id if user else None)
        raise WrongPassword()
    backoff.forget(account)
    if passwords.needs_rehash(user.password_hash):
        user.password_hash = passwords.hash_password(password)
    audit.write("user.signed_in", user.public_id, user_id=user.id)
    return user


def sign_out(user: User) -> None:
    """Keep a note of it; the session itself is ended by `context.end`."""
    audit.write("user.signed_out", user.public_id)


def open_session(user: User) -> tuple[str, UserSession]:
    """A new token and its row."""
    token = tokens.new()
    row = UserSession(token_hash=tokens.digest(token), user_id=user.id, expires_at=clock.wall() + ABSOLUTE)
    db.session.add(row)
    db.session.flush()
    return token, row


def close_session(token: str) -> None:
    """Sign one browser out; a token nobody holds any more is no error."""
    db.session.execute(delete(UserSession).where(UserSession.token_hash == tokens.digest(token)))


def close_all_sessions(user: User) -> None:
    """Sign the person out everywhere."""
    db.session.execute(delete(UserSession).where(UserSession.user_id == user.id))


def forget_expired_sessions() -> None:
    """Remove sessions nobody can use any more, and tries that are forgiven."""
    wall = clock.wall()
    ended = (UserSession.expires_at <= wall) | (UserSession.last_seen_at <= wall - IDLE)
    db.session.execute(delete(UserSession).where(ended))
    backoff.forget_old()


def authenticate(token: str) -> tuple[UserSession, User] | None:
    """Session and user of a token in one statement; notes at most once a minute that the session is in use."""
    found = db.session.execute(UserSession.alive(tokens.digest(token))).first()
    if found is not None and found[0].last_seen_at < clock.wall() - SEEN_EVERY:
        with apart() as session:  # a page that only reads must not write in its own transaction
            session.execute(update(UserSession).where(UserSession.id == found[0].id).values(last_seen_at=clock.wall()))
    return found


def ask_to_verify(user: User) -> None:
    """Mail a link that proves the address; at most one in five minutes."""
    link = public_url("auth.verify", token=tokens.sign_verification(user.public_id, user.email))
    window = int(clock.wall().timestamp() // timedelta(minutes=5).total_seconds())
    mail(user, "verify_email", f"verify-email:{user.public_id}:{window}", url=link)


def verify(token: str) -> User | None:
    """Who the token says owns their address; None when the token or the address is no longer good."""
    said = tokens.read_verification(token)
    if said is None:
        return None
    user = db.session.scalar(select(User).where(User.public_id == said[0]))
    return user if user is not None and tokens.digest(user.email).hex() == said[1] else None


def confirm_address(user: User) -> None:
    """The link was followed; a second time changes nothing."""
    if user.email_verified_at is None:
        user.email_verified_at = clock.wall()
        audit.write("user.verified", user.public_id, user_id=user.id)


def tell_owner(user: User) -> None:
    """Somebody tried to sign up with this person's address; tell them once a day at most."""
    mail(
        user,
        "already_have_account",
        f"already-have-account:{user.public_id}:{clock.wall():%Y-%m-%d}",
        url=public_url("auth.login"),
        reset_url=public_url("auth.forgot"),
    )


def mail(user: User, template: str, key: str, *, stale_at: datetime | None = None, **links: str) -> None:
    """Record a mail to `user`; the same `key` is sent once, and not any more from `stale_at` (business time) on."""
    payload: dict[str, Any] = {"template": template, "to": [user.email], "context": {"name": user.name, **links}}
    if stale_at is not None:
        payload["stale_at"] = stale_at.isoformat()
    tasks.record("send_mail", key, payload, queue="mail")
