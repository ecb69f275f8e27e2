"""What time does to disputes: unanswered ones are lost when their evidence is due."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.billing.payments import disputes
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.cycle import Deed


def deeds(dispute: Record) -> Iterator[tuple[int, Deed]]:
    """What will happen to a dispute by itself, and when."""
    if dispute["status"] == "needs_response":
        yield dispute["evidence_details"]["due_by"], disputes.expire
