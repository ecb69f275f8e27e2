"""Waiting after wrong passwords, per account and in the database, so that neither many addresses nor a lost Redis help.

A lock nobody can hold against the owner: the wait is capped, it ends by itself, and a browser the owner has signed in with
before is counted apart (the "device cookie" of OWASP's authentication cheat sheet).
"""

import hashlib
from datetime import datetime, timedelta

from flask_babel import ngettext
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.errors import PortalError
from app.core.transactions import apart

from .models import SignInFailures

FREE_TRIES = 5
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
MEMORY = timedelta(hours=24)


class Closed(PortalError):
    """Too many wrong passwords lately; `seconds` from now the next try is looked at."""

    status = 429
    code = "too_many_tries"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            ngettext(
                "Too many tries. Wait %(num)s second, or reset your password.",
                "Too many tries. Wait %(num)s seconds, or reset your password.",
                seconds,
            )
        )


def account(email: str, device: str | None = None) -> bytes:
    """The name tries are counted under; exists for every address, with or without an account."""
    return hashlib.sha256(f"{email}\n{device or ''}".encode()).digest()


def attempt(account: bytes) -> None:
    """Count a try before the password is looked at, so that parallel guesses are counted too. Raises Closed."""
    wall = clock.wall()
    with apart() as session:
        fresh = {"account": account, "failures": 0, "last_at": wall, "closed_until": wall}
        session.execute(insert(SignInFailures).values(fresh).on_conflict_do_nothing())
        row = session.scalars(select(SignInFailures).where(SignInFailures.account == account).with_for_update()).one()
        if row.closed_until > wall:
            raise Closed(_seconds(row.closed_until - wall))
        row.failures = 1 if row.last_at < wall - MEMORY else row.failures + 1
        row.last_at, row.closed_until = wall, _closed_until(wall, row.failures)


def forget(account: bytes) -> None:
    """The password was right."""
    with apart() as session:
        session.execute(delete(SignInFailures).where(SignInFailures.account == account))


def forget_old() -> None:
    """Remove what is older than MEMORY and would start at one again."""
    with apart() as session:
        session.execute(delete(SignInFailures).where(SignInFailures.last_at < clock.wall() - MEMORY))


def _closed_until(wall: datetime, failures: int) -> datetime:
    """5 s after the fifth failure, then twice as long each time, at most 15 minutes."""
    if failures < FREE_TRIES:
        return wall
    doublings: int = 2 ** min(failures - FREE_TRIES, 20)
    return wall + min(FIRST_WAIT * doublings, LONGEST_WAIT)


def _seconds(wait: timedelta) -> int:
    return max(1, round(wait.total_seconds()))
