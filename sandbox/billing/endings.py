"""The end of subscriptions: now, scheduled, and taken back.

Assumptions: ``cancel_at_period_end`` also fills ``cancel_at`` and ``canceled_at``; canceling an incomplete subscription
voids its invoice.
Simplification: ``cancel_at`` in the middle of a period credits nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing import collection, invoice_outcomes, invoices, items, pending
from sandbox.errors import invalid, missing_resource
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

OVER = ("canceled", "incomplete_expired")
DETAILS = ("comment", "feedback", "feedback_option")


def cancel_now(box: Sandbox, subscription: Record, params: dict[str, Any]) -> None:
    """``DELETE /v1/subscriptions/…``: with ``prorate`` unused time is credited, with ``invoice_now`` it is billed."""
    if subscription["status"] in OVER:
        raise missing_resource("subscription", subscription["id"])
    now = box.clock.now()
    describe(box, subscription, params)
    if params.get("prorate") and subscription["status"] != "trialing":
        for item in items.of(box, subscription):
            pending.credit(box, subscription, items.plan_of(item), now)
    if params.get("invoice_now"):
        _last_invoice(box, subscription, now)
    end(box, subscription, reason="cancellation_requested")


def end(box: Sandbox, subscription: Record, reason: str | None) -> None:
    """Let a subscription be over, and stop collecting what it asked for automatically."""
    now = box.clock.now()
    was_incomplete = subscription["status"] == "incomplete"
    details = {
        **subscription["cancellation_details"],
        "reason": subscription["cancellation_details"]["reason"] or reason,
    }
    box.store.update(
        subscription,
        status="canceled",
        canceled_at=subscription["canceled_at"] or now,
        ended_at=now,
        cancellation_details=details,
        pending_update=None,
        _pending=None,
    )
    for invoice in box.store.of("invoice", "_subscription", subscription["id"]):
        if invoice["status"] == "open" and was_incomplete:
            invoice_outcomes.void(box, invoice)
        elif invoice["status"] in ("draft", "open"):
            invoice_outcomes.stop_collecting(box, invoice)
    box.events.record("customer.subscription.deleted", subscription)


def expire(box: Sandbox, subscription: Record) -> None:
    """The first payment did not come in time."""
    invoice = box.store.get("invoice", subscription["latest_invoice"] or "")
    if invoice and invoice["status"] == "open":
        invoice_outcomes.void(box, invoice)
    with box.events.updating(subscription):
        box.store.update(subscription, status="incomplete_expired", ended_at=box.clock.now())


def schedule(box: Sandbox, subscription: Record, params: dict[str, Any]) -> None:
    """Apply ``cancel_at_period_end`` and ``cancel_at`` of an update, whichever is given."""
    if "cancel_at_period_end" in params:
        at_end = params["cancel_at_period_end"]
        box.store.update(subscription, cancel_at_period_end=at_end)
        _plan(box, subscription, subscription["_boundary"] if at_end else None)
    elif "cancel_at" in params:
        wish = params["cancel_at"]
        ends = [item["current_period_end"] for item in items.of(box, subscription)]
        named = {"min_period_end": min(ends), "max_period_end": max(ends), "max_billed_until": max(ends)}
        at = named.get(wish, wish)
        if at is not None and at <= box.clock.now():
            raise invalid("cancel_at must be a timestamp in the future.", "cancel_at")
        box.store.update(subscription, cancel_at_period_end=False)
        _plan(box, subscription, at)


def describe(box: Sandbox, subscription: Record, params: dict[str, Any]) -> None:
    """Apply ``cancellation_details``."""
    given = params.get("cancellation_details") or {}
    if given:
        if given.get("feedback_option"):
            _check_option(box, given["feedback_option"])
        changed = {name: given[name] for name in DETAILS if name in given}
        box.store.update(subscription, cancellation_details={**subscription["cancellation_details"], **changed})


def _check_option(box: Sandbox, id: str) -> None:
    param = "cancellation_details[feedback_option]"
    if box.store.need("billing.feedback_option", id, param)["status"] != "active":
        raise invalid(f"The feedback option {id} is inactive.", param)


def _plan(box: Sandbox, subscription: Record, at: int | None) -> None:
    if at is None:
        empty = dict.fromkeys(subscription["cancellation_details"])
        box.store.update(subscription, cancel_at=None, canceled_at=None, cancellation_details=empty)
        return
    details = {**subscription["cancellation_details"], "reason": "cancellation_requested"}
    box.store.update(subscription, cancel_at=at, canceled_at=box.clock.now(), cancellation_details=details)


def _last_invoice(box: Sandbox, subscription: Record, now: int) -> None:
    for item in items.of(box, subscription):
        price = box.store.need("price", item["price"])
        if items.is_metered(price):
            pending.usage(box, subscription, item, now)
    drawn = pending.drawn(box, subscription)
    if not drawn:
        return
    customer = box.store.need("customer", subscription["customer"])
    invoice = invoices.draft(box, customer, drawn, subscription, billing_reason="subscription_update")
    box.store.update(subscription, latest_invoice=invoice["id"])
    invoices.announce(box, invoice)
    invoices.finalize(box, invoice)
    if invoice["status"] == "open":
        collection.pay(box, invoice, None, off_session=True)
