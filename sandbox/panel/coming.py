"""What time does next, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.panel import words
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


@dataclass(frozen=True)
class Coming:
    """One time-driven deed: when (virtual unix seconds), to which record, in words; and by which test clock, if any."""

    at: int
    record: Record
    deed: str
    test_clock: str | None


def coming(box: Sandbox, limit: int) -> list[Coming]:
    """What comes next by any clock, soonest first. Each record is listed with its next deed only."""
    found = []
    for at, key, test_clock in box.clock.coming(limit):
        record = box.store.get(*key)
        if record is not None:
            found.append(Coming(at, record, words.deed(record, at), test_clock))
    return found
