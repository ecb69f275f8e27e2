"""Prorations as pending invoice items and as the first line of a shortened period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import proration
from sandbox.billing import lines
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def partial_period(box: Sandbox, item: Record, whole_start: int, whole_end: int) -> Record:
    """The line of an item whose first period began in the middle of a whole one."""
    line = lines.for_period(box, item, item["current_period_start"], whole_end)
    amount = proration.share(line["amount"], item["current_period_start"], whole_end, whole_start, whole_end)
    return {**line, "amount": amount, "subtotal": amount}
