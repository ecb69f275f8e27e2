"""Canceling a subscription on request, and the last invoice of one that ends.

Source: Stripe's API reference for canceling a subscription: "If you've set the subscription to cancel at the end of the
period, any pending prorations are also left in place and collected at the end of the period. But if the subscription is
set to cancel immediately, pending prorations are removed if ``invoice_now`` and ``prorate`` are both set to false."
Assumptions: a subscription that ends when it was to end is sent a last invoice for its pending items and unbilled usage, a
draft for an hour like a renewal; usage in a trial is free, and while paused it is not billed at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import invoice_items, invoices, pending
from sandbox.billing.payments import collection
from sandbox.billing.subscriptions import endings, items
from sandbox.errors import missing_resource
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def cancel_now(box: Sandbox, subscription: Record, params: dict[str, Any]) -> None:
    """``DELETE /v1/subscriptions/…``: with ``prorate`` unused time is credited, with ``invoice_now`` it is billed."""
    if subscription["status"] in endings.OVER:
        raise missing_resource("subscription", subscription["id"])
    endings.describe(box, subscription, params)
    prorates, bills = bool(params.get("prorate")), bool(params.get("invoice_now"))
    if not prorates and not bills:
        _forget_prorations(box, subscription)
    invoice = settle(box, subscription, box.clock.now(), prorate=prorates, bill=bills)
    if invoice:
        invoices.announce(box, invoice)
        invoices.finalize(box, invoice)
        if invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
            collection.pay(box, invoice, None, off_session=True)
    endings.end(box, subscription, reason="cancellation_requested")


def settle(box: Sandbox, subscription: Record, at: int, *, prorate: bool, bill: bool) -> Record | None:
    """Credit the time after ``at`` and draft the invoice that cancels a subscription; None when nothing is on it."""
    if prorate and subscription["status"] not in endings.UNBILLED:
        for item in items.of(box, subscription):
            pending.credit(box, subscription, items.plan_of(item), at)
    return last_invoice(box, subscription, billing_reason="subscription_update") if bill else None


def end_as_planned(box: Sandbox, subscription: Record) -> None:
    """The instant of ``cancel_at`` has come."""
    finalizes_at = box.clock.now() + invoices.DRAFT_FOR
    invoice = last_invoice(
        box, subscription, billing_reason="subscription_cycle", automatically_finalizes_at=finalizes_at
    )
    if invoice:
        invoices.announce(box, invoice)
    endings.end(box, subscription, "cancellation_requested", invoice)


def last_invoice(box: Sandbox, subscription: Record, **fields: Any) -> Record | None:
    """The draft of what a subscription that ends now still has to bill; None when that is nothing."""
    if subscription["status"] not in endings.UNBILLED:
        _bill_usage(box, subscription)
    drawn = pending.drawn(box, subscription)
    if not drawn:
        return None
    customer = box.store.need("customer", subscription["customer"])
    invoice = invoices.draft(box, customer, drawn, subscription, **fields)
    box.store.update(subscription, latest_invoice=invoice["id"])
    return invoice


def _bill_usage(box: Sandbox, subscription: Record) -> None:
    for item in items.of(box, subscription):
        if items.is_metered(box.store.need("price", item["price"])):
            pending.usage(box, subscription, item, box.clock.now())


def _forget_prorations(box: Sandbox, subscription: Record) -> None:
    for item in pending.of(box, subscription):
        if item["proration"] and item["_subscription"]:
            invoice_items.discard(box, item)
