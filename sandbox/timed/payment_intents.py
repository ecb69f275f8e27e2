"""What time does to payment intents: money that was set aside and never captured goes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.billing.payments import captures
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.cycle import Deed


def deeds(intent: Record) -> Iterator[tuple[int, Deed]]:
    """What will happen to a payment intent by itself, and when."""
    if intent["status"] == "requires_capture":
        yield intent["_held_until"], captures.expire
