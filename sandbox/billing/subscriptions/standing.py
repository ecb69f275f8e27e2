"""What a payment, or its failure, means for the subscription behind an invoice.

Assumptions: a paid invoice brings ``past_due`` back to ``active`` when it is the latest or no other attempted or overdue
invoice is open; the card of a trial's pending setup intent becomes the subscription's default; an invoice that was given
up does not apply the pending update it was for, it discards it, as one that was voided does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.billing.subscriptions import waiting
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

BEHIND = ("past_due", "unpaid")
PAUSABLE = ("active", "past_due")


def subscription_of(box: Sandbox, invoice: Record) -> Record | None:
    return box.store.get("subscription", invoice["_subscription"] or "")


def waits_for(subscription: Record, invoice: Record) -> bool:
    """Whether an update of the subscription, or its return from a pause, waits for the payment of this invoice."""
    return any((subscription[name] or {}).get("invoice") == invoice["id"] for name in ("_pending", "_resuming"))


def paid(box: Sandbox, invoice: Record, method: Record | None) -> None:
    """An invoice was paid, with this card unless nothing was due."""
    subscription = subscription_of(box, invoice)
    if subscription is None:
        return
    with box.events.updating(subscription):
        _catch_up(box, subscription, invoice)
        if method and subscription["payment_settings"]["save_default_payment_method"] == "on_subscription":
            box.store.update(subscription, default_payment_method=method["id"])
        told = waiting.apply(box, subscription, invoice)
    for name in told:
        box.events.record(name, subscription)


def given_up(box: Sandbox, invoice: Record) -> None:
    """An invoice was marked uncollectible."""
    subscription = subscription_of(box, invoice)
    if subscription is None:
        return
    waiting.discard_update(box, subscription, invoice)
    with box.events.updating(subscription):
        _catch_up(box, subscription, invoice)
        told = waiting.apply(box, subscription, invoice)
    for name in told:
        box.events.record(name, subscription)


def voided(box: Sandbox, invoice: Record) -> None:
    """An invoice was voided: what waited for its payment will not come."""
    subscription = subscription_of(box, invoice)
    if subscription:
        waiting.discard_update(box, subscription, invoice)
        waiting.discard_return(box, subscription, invoice)


def failed(box: Sandbox, invoice: Record) -> None:
    """A try to charge an invoice failed, or needs the customer, or the day it was due on is over."""
    subscription = subscription_of(box, invoice)
    if subscription is None:
        return
    if waits_for(subscription, invoice):
        waiting.fail(box, subscription, invoice)
    elif subscription["status"] == "active":
        with box.events.updating(subscription):
            box.store.update(subscription, status="past_due")


def card_saved(box: Sandbox, intent: Record, method: Record) -> None:
    """A setup intent succeeded; the subscription that waits for it uses the card from now on."""
    for subscription in box.store.of("subscription", "customer", intent["customer"] or ""):
        if subscription["pending_setup_intent"] == intent["id"]:
            with box.events.updating(subscription):
                box.store.update(subscription, pending_setup_intent=None, default_payment_method=method["id"])


def can_pause(subscription: Record) -> bool:
    """Whether a subscription may become ``paused``; they are all of flexible billing mode."""
    by_card = subscription["collection_method"] == "charge_automatically"
    return by_card and subscription["schedule"] is None and subscription["status"] in PAUSABLE


def pause(box: Sandbox, subscription: Record, reason: str) -> None:
    """Let a subscription be paused from now on; ``reason`` is the ``type`` in its ``status_details``."""
    now = box.clock.now()
    details = {"paused": {"subscription": {"type": reason}, "transitioned_at": now, "type": "subscription"}}
    with box.events.updating(subscription):
        box.store.update(subscription, status="paused", status_details=details)
    box.events.record("customer.subscription.paused", subscription)


def _catch_up(box: Sandbox, subscription: Record, invoice: Record) -> None:
    behind = subscription["status"] in BEHIND and not _owes_more(box, subscription, invoice)
    if subscription["status"] == "incomplete" or behind:
        box.store.update(subscription, status="active")


def _owes_more(box: Sandbox, subscription: Record, invoice: Record) -> bool:
    if invoice["id"] == subscription["latest_invoice"]:
        return False
    invoices = box.store.of("invoice", "_subscription", subscription["id"])
    return any(one["status"] == "open" and (one["attempted"] or one.get("_told") == "overdue") for one in invoices)
