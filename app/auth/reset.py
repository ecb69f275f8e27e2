"""A forgotten password: ask for a link, follow it once."""

from datetime import timedelta

from sqlalchemy import select

from app.audit import service as audit
from app.core import clock, tasks
from app.core.extensions import db
from app.core.pages import public_url

from . import backoff, passwords, service, tokens
from .models import User

LIFE = timedelta(minutes=30)
WINDOW = timedelta(minutes=2)


def ask(email: str) -> None:
    """Record the wish for a link; a worker finds out whether there is an account.

    The door does the same for every address, so neither its answer nor its time tells. One wish per address counts
    within two minutes.
    """
    window = int(clock.wall().timestamp() // WINDOW.total_seconds())
    tasks.record("start_password_reset", f"{tokens.digest(email).hex()}:{window}", {"email": email}, queue="mail")


def start(email: str, key: str) -> None:
    """Mail a link to the account of `email`, if there is one; it ends the link sent before. `key` names this wish."""
    user = service.find(email)
    if user is None:
        return
    token = tokens.new()
    user.reset_token_hash, user.reset_expires_at = tokens.digest(token), clock.wall() + LIFE
    link = public_url("auth.reset_password", token=token)
    service.mail(user, "password_reset", f"password-reset:{key}", stale_at=clock.now() + LIFE, url=link)


def holder(token: str) -> User | None:
    """Whose link this is, while it works."""
    found = select(User).where(User.reset_token_hash == tokens.digest(token), User.reset_expires_at > clock.wall())
    return db.session.scalar(found.with_for_update())


def finish(user: User, password: str) -> None:
    """Set the new password: every browser is signed out, the link is used up, the address is proven."""
    user.password_hash = passwords.hash_password(password)
    user.reset_token_hash = user.reset_expires_at = None
    service.close_all_sessions(user)
    service.confirm_address(user)
    backoff.forget(backoff.account(user.email))
    audit.write("password.reset", user.public_id, user_id=user.id)
    key = f"password-changed:{user.public_id}:{clock.wall():%Y-%m-%dT%H:%M:%S}"
    service.mail(user, "password_changed", key, url=public_url("auth.forgot"))
