"""The table of what happens by itself; :mod:`sandbox.clock` decides when to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sandbox.store import Record
from sandbox.timed import (
    credit_grants,
    deliveries,
    discounts,
    disputes,
    invoices,
    payment_intents,
    refunds,
    schedules,
    subscriptions,
    tax_ids,
)

if TYPE_CHECKING:
    from sandbox.core import Sandbox

Deed = Callable[["Sandbox", Record], None]

TIMED: dict[str, Callable[[Record], Iterator[tuple[int, Deed]]]] = {
    "_delivery": deliveries.deeds,
    "subscription": subscriptions.deeds,
    "subscription_schedule": schedules.deeds,
    "discount": discounts.deeds,
    "invoice": invoices.deeds,
    "refund": refunds.deeds,
    "dispute": disputes.deeds,
    "payment_intent": payment_intents.deeds,
    "tax_id": tax_ids.deeds,
    "billing.credit_grant": credit_grants.deeds,
}
"""The types whose records can fall due, and what will happen to one of them when (virtual unix seconds)."""


def due_at(record: Record) -> int | None:
    """When the next time-driven deed on this record is due, in virtual unix seconds."""
    return min((due for due, _ in TIMED[record["object"]](record)), default=None)


def run(box: Sandbox, record: Record) -> None:
    """Do the one thing on this record that is due first."""
    _, deed = min(TIMED[record["object"]](record), key=lambda pair: pair[0])
    deed(box, record)
