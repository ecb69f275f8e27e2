"""What a payment, or its failure, means for the subscription behind an invoice.

Assumptions: a paid invoice brings ``past_due`` back to ``active`` when it is the latest or no other attempted invoice is
open; the card of a trial's pending setup intent becomes the subscription's default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.billing import items
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

BEHIND = ("past_due", "unpaid")


def subscription_of(box: Sandbox, invoice: Record) -> Record | None:
    return box.store.get("subscription", invoice["_subscription"] or "")


def paid(box: Sandbox, invoice: Record, method: Record | None) -> None:
    """An invoice was paid, with this card unless nothing was due."""
    subscription = subscription_of(box, invoice)
    if subscription is None:
        return
    with box.events.updating(subscription):
        if subscription["status"] == "incomplete" or (
            subscription["status"] in BEHIND and not _owes_more(box, subscription, invoice)
        ):
            box.store.update(subscription, status="active")
        if method and subscription["payment_settings"]["save_default_payment_method"] == "on_subscription":
            box.store.update(subscription, default_payment_method=method["id"])
        applied = _apply_pending(box, subscription, invoice)
    if applied:
        box.events.record("customer.subscription.pending_update_applied", subscription)


def failed(box: Sandbox, invoice: Record) -> None:
    """A try to charge an invoice failed, or needs the customer."""
    subscription = subscription_of(box, invoice)
    if subscription is None or subscription["status"] != "active" or _is_pending(subscription, invoice):
        return
    with box.events.updating(subscription):
        box.store.update(subscription, status="past_due")


def card_saved(box: Sandbox, intent: Record, method: Record) -> None:
    """A setup intent succeeded; the subscription that waits for it uses the card from now on."""
    for subscription in box.store.of("subscription", "customer", intent["customer"] or ""):
        if subscription["pending_setup_intent"] == intent["id"]:
            with box.events.updating(subscription):
                box.store.update(subscription, pending_setup_intent=None, default_payment_method=method["id"])


def _owes_more(box: Sandbox, subscription: Record, invoice: Record) -> bool:
    if invoice["id"] == subscription["latest_invoice"]:
        return False
    invoices = box.store.of("invoice", "_subscription", subscription["id"])
    return any(one["status"] == "open" and one["attempted"] for one in invoices)


def _is_pending(subscription: Record, invoice: Record) -> bool:
    return bool(subscription["_pending"]) and subscription["_pending"]["invoice"] == invoice["id"]


def _apply_pending(box: Sandbox, subscription: Record, invoice: Record) -> bool:
    if not _is_pending(subscription, invoice):
        return False
    pending = subscription["_pending"]
    box.store.update(subscription, pending_update=None, _pending=None, billing_cycle_anchor=pending["anchor"])
    items.put(box, subscription, pending["items"])
    return True
