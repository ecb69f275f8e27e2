"""What time does to subscriptions.

Assumptions: a trial that ends becomes ``active`` at once and its invoice follows an hour later; nothing upcoming is announced
while collection is paused; a paused subscription still ends when it was to end.
Simplification: collection that is paused with ``void`` or ``mark_uncollectible`` ends the invoice without a draft hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.billing.invoices import invoice_outcomes, invoices
from sandbox.billing.payments import methods
from sandbox.billing.previews import previews
from sandbox.billing.schedules import schedule_course
from sandbox.billing.subscriptions import canceling, endings, renewals, standing, waiting
from sandbox.store import Record

DAY = 86400
TRIAL_NOTICE_AHEAD = 3 * DAY
INCOMPLETE_FOR = 23 * 3600

if TYPE_CHECKING:
    from sandbox.core import Sandbox
    from sandbox.cycle import Deed


def deeds(subscription: Record) -> Iterator[tuple[int, Deed]]:
    """What will happen to a subscription by itself, and when; of two at the same instant the first one comes first."""
    status, boundary = subscription["status"], subscription["_boundary"]
    if status in endings.OVER:
        return
    if status == "incomplete":
        yield subscription["created"] + INCOMPLETE_FOR, endings.expire
        return
    ends, collection = subscription["cancel_at"], subscription["pause_collection"] or {}
    if ends is not None:
        yield ends, canceling.end_as_planned
    if subscription["pending_update"]:
        yield subscription["pending_update"]["expires_at"], waiting.expire_update
    if (subscription["_resuming"] or {}).get("expires_at"):
        yield subscription["_resuming"]["expires_at"], waiting.expire_return
    if collection.get("resumes_at"):
        yield collection["resumes_at"], _resume_collection
    if status == "trialing" and not subscription["_trial_notice"]:
        yield max(subscription["trial_end"] - TRIAL_NOTICE_AHEAD, subscription["trial_start"]), _announce_trial_end
    if boundary is not None and status != "paused":
        goes_on = (ends is None or ends > boundary) and not collection
        if subscription["_upcoming_for"] != boundary and goes_on:
            yield boundary - subscription["_upcoming_ahead"], _announce_renewal
        yield boundary, _renew


def _resume_collection(box: Sandbox, subscription: Record) -> None:
    with box.events.updating(subscription):
        box.store.update(subscription, pause_collection=None)


def _announce_trial_end(box: Sandbox, subscription: Record) -> None:
    box.store.update(subscription, _trial_notice=True)
    box.events.record("customer.subscription.trial_will_end", subscription)


def _announce_renewal(box: Sandbox, subscription: Record) -> None:
    box.store.update(subscription, _upcoming_for=subscription["_boundary"])
    box.events.record_snapshot("invoice.upcoming", previews.upcoming(box, subscription))


def _renew(box: Sandbox, subscription: Record) -> None:
    if subscription["status"] == "trialing" and _ends_with_trial(box, subscription):
        return
    schedule_course.catch_up(box, subscription)
    if subscription["_boundary"] > box.clock.now():
        return  # a phase with a trial began
    was = box.render(subscription)
    invoice = renewals.draw(box, subscription)
    if subscription["status"] == "trialing":
        box.store.update(subscription, status="active")
    if invoice:
        invoices.announce(box, invoice)
        _hold_back(box, subscription, invoice)
    box.events.record_update(subscription, was)


def _ends_with_trial(box: Sandbox, subscription: Record) -> bool:
    behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    customer = box.store.need("customer", subscription["customer"])
    method = methods.find_default(box, subscription["default_payment_method"], customer)
    if method or behavior == "create_invoice":
        return False
    if behavior == "cancel":
        endings.end(box, subscription, reason="payment_failed")
        return True
    standing.pause(box, subscription, "trial_end_without_payment_method")
    return True


def _hold_back(box: Sandbox, subscription: Record, invoice: Record) -> None:
    """Collection may be paused, and while a subscription is unpaid its invoices stay drafts."""
    behavior = (subscription["pause_collection"] or {}).get("behavior")
    if behavior is None and subscription["status"] != "unpaid":
        return
    invoice_outcomes.stop_collecting(box, invoice)
    if behavior in (None, "keep_as_draft"):
        return
    invoices.finalize(box, invoice)
    if invoice["status"] == "open" and behavior == "void":
        invoice_outcomes.void(box, invoice)
    elif invoice["status"] == "open":
        invoice_outcomes.mark_uncollectible(box, invoice)
