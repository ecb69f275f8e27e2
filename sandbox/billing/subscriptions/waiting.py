"""What waits for the payment of an invoice: a pending update of a subscription, or its return from a pause.

``subscription["_pending"]`` is ``{invoice, items, fields}``: the planned items and the plain fields to put in place.
``subscription["_resuming"]`` is the same with ``pays`` (whether the first try may fail without consequences) and
``expires_at`` (unix seconds). Sources: https://docs.stripe.com/billing/subscriptions/pending-updates-reference and Stripe's
API reference for resuming a subscription.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import invoice_outcomes
from sandbox.billing.subscriptions import items
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

RESUMED = "customer.subscription.resumed"


def apply(box: Sandbox, subscription: Record, invoice: Record) -> list[str]:
    """Put in place what waited for this invoice; answers the names of the events to tell of it.

    An update that never was visible as pending is told of by no event of its own.
    """
    told = []
    if _waits(subscription["_pending"], invoice):
        if subscription["pending_update"]:
            told.append("customer.subscription.pending_update_applied")
        planned = subscription["_pending"]
        box.store.update(subscription, pending_update=None, _pending=None)
        _put(box, subscription, planned)
    if _waits(subscription["_resuming"], invoice):
        resume(box, subscription, "active")
        told.append(RESUMED)
    return told


def resume(box: Sandbox, subscription: Record, status: str) -> None:
    """Let a paused subscription run again as its return was planned."""
    planned = subscription["_resuming"]
    box.store.update(subscription, status=status, status_details=None, _resuming=None)
    _put(box, subscription, planned)


def fail(box: Sandbox, subscription: Record, invoice: Record) -> None:
    """The payment that something waits for failed: a return from a pause may go ahead all the same, an update may not."""
    if not _waits(subscription["_resuming"], invoice):
        return
    if subscription["_resuming"]["pays"]:
        box.store.update(subscription, _resuming={**subscription["_resuming"], "expires_at": None})
        return
    with box.events.updating(subscription):
        resume(box, subscription, "past_due")
    box.events.record(RESUMED, subscription)


def discard_update(box: Sandbox, subscription: Record, invoice: Record) -> None:
    """The invoice a pending update waits for will not be paid."""
    if _waits(subscription["_pending"], invoice):
        with box.events.updating(subscription):
            box.store.update(subscription, pending_update=None, _pending=None)
        box.events.record("customer.subscription.pending_update_expired", subscription)


def discard_return(box: Sandbox, subscription: Record, invoice: Record) -> None:
    """The resumption invoice will not be paid: the subscription stays paused."""
    if _waits(subscription["_resuming"], invoice):
        box.store.update(subscription, _resuming=None)


def expire_update(box: Sandbox, subscription: Record) -> None:
    """Void the invoice of a pending update and forget the update."""
    invoice = box.store.need("invoice", subscription["_pending"]["invoice"])
    _void(box, invoice)
    discard_update(box, subscription, invoice)


def expire_return(box: Sandbox, subscription: Record) -> None:
    """Void a resumption invoice that nobody tried to pay; the subscription stays paused."""
    invoice = box.store.need("invoice", subscription["_resuming"]["invoice"])
    _void(box, invoice)
    discard_return(box, subscription, invoice)


def _void(box: Sandbox, invoice: Record) -> None:
    if invoice["status"] == "open":
        invoice_outcomes.void(box, invoice)


def _waits(planned: dict[str, Any] | None, invoice: Record) -> bool:
    return planned is not None and planned["invoice"] == invoice["id"]


def _put(box: Sandbox, subscription: Record, planned: dict[str, Any]) -> None:
    box.store.update(subscription, **planned["fields"])
    items.put(box, subscription, planned["items"])
