"""What time does to discounts: those for some months end, between two invoices too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.billing.invoices import discounts
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.cycle import Deed


def deeds(discount: Record) -> Iterator[tuple[int, Deed]]:
    """What will happen to a discount by itself, and when."""
    if discount["end"] is not None and not discount["_over"]:
        yield discount["end"], discounts.drop
