"""What time does to tax ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.billing.taxes import tax_ids
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.cycle import Deed


def deeds(tax_id: Record) -> Iterator[tuple[int, Deed]]:
    """When the authority answers."""
    if tax_id["_answered_at"] is not None:
        yield tax_id["_answered_at"], tax_ids.answer
