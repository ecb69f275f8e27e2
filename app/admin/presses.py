"""A press of a button counts once, however often its form arrives."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.extensions import db

from .models import Press

KEPT = timedelta(days=14)
"""As long as a page's CSRF token lasts; an older form is refused anyway."""

Name = TypeVar("Name", str, int)


def once(token: str, what: str, names: list[Name], deed: Callable[[list[Name]], int]) -> int:
    """Do the `deed` called `what` on the rows with these `names`, for the form with this `token`; answers how many rows it changed.

    A repetition, even at the same moment, waits for the first, changes nothing and gets the same answer. A page that was
    gone back to may do another deed, or the same on other rows.
    """
    press = hashlib.sha256(f"{token} {what} {sorted(names)}".encode()).hexdigest()
    first = insert(Press).values(press=press).on_conflict_do_nothing().returning(Press.press)
    if db.session.scalar(first) is None:
        return db.session.scalars(select(Press.done).where(Press.press == press)).one()
    done = deed(names)
    db.session.execute(update(Press).where(Press.press == press).values(done=done))
    return done


def forget_old() -> None:
    """Remove presses whose forms nobody can send any more."""
    db.session.execute(delete(Press).where(Press.pressed_at < clock.wall() - KEPT))
