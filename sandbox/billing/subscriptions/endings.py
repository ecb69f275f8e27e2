"""The end of subscriptions: as a deed, scheduled, and taken back. :mod:`sandbox.billing.subscriptions.canceling` ends one on request.

Source: Stripe's API reference for canceling and updating a subscription. Assumptions: ``cancel_at_period_end`` also fills
``cancel_at`` and ``canceled_at``; canceling an incomplete subscription voids its invoice; a ``cancel_at`` within what was
billed ahead credits the time after it (unless ``proration_behavior`` is ``none``), a later or withdrawn one asks for it
again; items keep their ``current_period_end``, their invoice lines end with the subscription.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import invoice_outcomes, proration_lines
from sandbox.billing.schedules import schedule_outcomes
from sandbox.billing.subscriptions import items, waiting
from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

OVER = ("canceled", "incomplete_expired")
DETAILS = ("comment", "feedback", "feedback_option")
UNBILLED = ("incomplete", "paused", "trialing")
"""Statuses in which nothing was billed ahead that could be given back."""


def end(box: Sandbox, subscription: Record, reason: str | None, last: Record | None = None) -> None:
    """Let a subscription be over, and stop collecting what it asked for automatically, its ``last`` invoice apart."""
    now = box.clock.now()
    was_incomplete = subscription["status"] == "incomplete"
    _drop_what_waits(box, subscription)
    schedule_outcomes.subscription_ended(box, subscription, reason)
    details = subscription["cancellation_details"]
    box.store.update(
        subscription,
        status="canceled",
        status_details=None,
        canceled_at=subscription["canceled_at"] or now,
        ended_at=now,
        cancellation_details={**details, "reason": details["reason"] or reason},
    )
    for invoice in box.store.of("invoice", "_subscription", subscription["id"]):
        if invoice is last:
            continue
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


def schedule(box: Sandbox, subscription: Record, params: dict[str, Any]) -> bool:
    """Apply ``cancel_at_period_end`` and ``cancel_at``, whichever is given; answers whether that is to be prorated."""
    if "cancel_at_period_end" not in params and "cancel_at" not in params:
        return False
    at_end = bool(params.get("cancel_at_period_end"))
    at = subscription["_boundary"] if at_end else wished_end(box, subscription, params.get("cancel_at"))
    box.store.update(subscription, cancel_at_period_end=at_end, **planned_end(box, subscription, at))
    return subscription["status"] not in UNBILLED and params.get("proration_behavior") != "none"


def prorate(box: Sandbox, subscription: Record) -> None:
    """Settle what was billed ahead with the time the subscription ends at, or no longer ends at: as pending items."""
    for item in items.of(box, subscription):
        debits = proration_lines.settle_until(box, subscription, items.plan_of(item))
        if debits != item["_debits"]:
            box.store.update(item, _debits=debits)


def wished_end(box: Sandbox, subscription: Record, wish: int | str | None) -> int | None:
    """The instant a ``cancel_at`` means for the items as they are."""
    ends = [item["current_period_end"] for item in items.of(box, subscription)]
    named = {"min_period_end": min(ends), "max_period_end": max(ends), "max_billed_until": max(ends)}
    at = named[wish] if isinstance(wish, str) else wish
    if at is not None and at <= box.clock.now():
        raise invalid("cancel_at must be a timestamp in the future.", "cancel_at")
    return at


def describe(box: Sandbox, subscription: Record, params: dict[str, Any]) -> None:
    """Apply ``cancellation_details``."""
    given = params.get("cancellation_details") or {}
    if given:
        if given.get("feedback_option"):
            _check_option(box, given["feedback_option"])
        changed = {name: given[name] for name in DETAILS if name in given}
        box.store.update(subscription, cancellation_details={**subscription["cancellation_details"], **changed})


def planned_end(box: Sandbox, subscription: Record, at: int | None) -> dict[str, Any]:
    """The fields that say when a subscription will end; None takes that back."""
    details = subscription["cancellation_details"]
    if at is None:
        return {"cancel_at": None, "canceled_at": None, "cancellation_details": dict.fromkeys(details)}
    details = {**details, "reason": "cancellation_requested"}
    return {"cancel_at": at, "canceled_at": box.clock.now(), "cancellation_details": details}


def _drop_what_waits(box: Sandbox, subscription: Record) -> None:
    if subscription["_resuming"]:
        waiting.expire_return(box, subscription)
    if subscription["_pending"]:
        waiting.expire_update(box, subscription)


def _check_option(box: Sandbox, id: str) -> None:
    param = "cancellation_details[feedback_option]"
    if box.store.need("billing.feedback_option", id, param)["status"] != "active":
        raise invalid(f"The feedback option {id} is inactive.", param)
