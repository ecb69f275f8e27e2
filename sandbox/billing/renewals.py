"""The next period of a subscription: its invoice, and the items moved on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing import discounts, invoices, items, lines, pending
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def draw(box: Sandbox, subscription: Record) -> Record | None:
    """Move the items whose period ended to their next one and draft the invoice for it, with everything pending.

    Licensed items are billed ahead, metered ones for the period that ended. None when there is nothing to bill.
    """
    boundary = subscription["_boundary"]
    due = [item for item in items.of(box, subscription) if item["current_period_end"] <= boundary]
    window = {"period_start": min(item["current_period_start"] for item in due), "period_end": boundary}
    drawn = [*pending.drawn(box, subscription)]
    for item in due:
        drawn.append(_renew(box, subscription, item))
    items.note_boundary(box, subscription)
    return _draft(box, subscription, drawn, window)


def _renew(box: Sandbox, subscription: Record, item: Record) -> Record:
    price, _ = lines.priced(box, item)
    start = item["current_period_end"]
    _, end = items.period(price, subscription["billing_cycle_anchor"], start)
    if items.is_metered(price):
        line = lines.for_usage(box, item, items.usage_start(item), start)
    else:
        line = lines.for_period(box, item, start, end)
    box.store.update(item, current_period_start=start, current_period_end=end, _debits=[])
    return line


def _draft(box: Sandbox, subscription: Record, drawn: list[Record], window: dict[str, Any]) -> Record | None:
    now = box.clock.now()
    customer = box.store.need("customer", subscription["customer"])
    invoice = invoices.draft(
        box,
        customer,
        drawn,
        subscription,
        billing_reason="subscription_cycle",
        automatically_finalizes_at=now + invoices.DRAFT_FOR,
        **window,
    )
    for id, debits in items.debits_of(drawn).items():
        item = box.store.get("subscription_item", id)
        if item:
            box.store.update(item, _debits=[debit for debit in debits if debit["end"] > now])
    discounts.use_up(box, subscription, invoice)
    box.store.update(subscription, latest_invoice=invoice["id"])
    return invoice
