"""What time does to refunds: a card that is not final at once says what became of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.billing.payments import refunds
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.cycle import Deed


def deeds(refund: Record) -> Iterator[tuple[int, Deed]]:
    """What will happen to a refund by itself, and when."""
    if refund["_decides_at"]:
        yield refund["_decides_at"], refunds.fail if refund["_becomes"] == "failed" else refunds.succeed
