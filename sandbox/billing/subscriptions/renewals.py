"""The next period of a subscription: its invoice, and the items moved on.

Assumption: usage in a trial is free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import discounts, invoices, lines, pending, proration_lines
from sandbox.billing.subscriptions import items
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def draw(box: Sandbox, subscription: Record) -> Record | None:
    """Move the items whose period ended to their next one and draft the invoice for it, with everything pending.

    Licensed items are billed ahead, up to where the subscription ends; metered ones for the period that ended. None when
    there is nothing to bill.
    """
    boundary = subscription["_boundary"]
    due = [item for item in items.of(box, subscription) if item["current_period_end"] <= boundary]
    window = {"period_start": min(item["current_period_start"] for item in due), "period_end": boundary}
    drawn = [*pending.drawn(box, subscription)]
    for item in due:
        line = _renew(box, subscription, item)
        if line:
            drawn.append(line)
    items.note_boundary(box, subscription)
    return _draft(box, subscription, drawn, window) if drawn else None


def _renew(box: Sandbox, subscription: Record, item: Record) -> Record | None:
    price, _ = lines.priced(box, item)
    start, anchor = item["current_period_end"], subscription["billing_cycle_anchor"]
    line = None
    if not items.is_metered(price):
        line = proration_lines.for_stretch(box, item, anchor, start, subscription["cancel_at"])
    elif subscription["status"] != "trialing":
        line = lines.for_usage(box, item, items.usage_start(item), start)
    end = items.period(price, anchor, start)[1]
    box.store.update(item, current_period_start=start, current_period_end=end, _debits=[])
    return line


def _draft(box: Sandbox, subscription: Record, drawn: list[Record], window: dict[str, Any]) -> Record:
    customer = box.store.need("customer", subscription["customer"])
    invoice = invoices.draft(
        box,
        customer,
        drawn,
        subscription,
        billing_reason="subscription_cycle",
        automatically_finalizes_at=box.clock.now() + invoices.DRAFT_FOR,
        **window,
    )
    items.note_invoiced(box, drawn)
    for id, debits in items.debits_of([line for line in drawn if not line["_invoice_item"]]).items():
        box.store.update(box.store.need("subscription_item", id), _debits=debits)
    discounts.use_up(box, subscription, invoice)
    box.store.update(subscription, latest_invoice=invoice["id"])
    return invoice
