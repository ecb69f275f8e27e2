"""What time does to credit grants: it ends them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.billing.usage import credits
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.cycle import Deed


def deeds(grant: Record) -> Iterator[tuple[int, Deed]]:
    """When a grant expires."""
    if grant["expires_at"] is not None and grant["voided_at"] is None and not grant["_expired"]:
        yield grant["expires_at"], credits.expire
