"""What time does to subscriptions.

Assumptions: ``invoice.upcoming`` comes 3 days ahead; a trial that ends becomes ``active`` at once and its invoice follows
an hour later. Simplification: collection that is paused with ``void`` or ``mark_uncollectible`` ends the invoice without a
draft hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.billing import endings, invoice_outcomes, invoices, methods, previews, renewals
from sandbox.store import Record

DAY = 86400
UPCOMING_AHEAD = 3 * DAY
TRIAL_NOTICE_AHEAD = 3 * DAY
INCOMPLETE_FOR = 23 * 3600
STANDING_STILL = ("canceled", "incomplete_expired", "paused")

if TYPE_CHECKING:
    from sandbox.core import Sandbox
    from sandbox.cycle import Deed


def deeds(subscription: Record) -> Iterator[tuple[int, Deed]]:
    """What will happen to a subscription by itself, and when; of two at the same instant the first one comes first."""
    status, boundary = subscription["status"], subscription["_boundary"]
    if status in STANDING_STILL:
        return
    if status == "incomplete":
        yield subscription["created"] + INCOMPLETE_FOR, endings.expire
        return
    ends = subscription["cancel_at"]
    if ends is not None:
        yield ends, _end
    if subscription["pending_update"]:
        yield subscription["pending_update"]["expires_at"], _expire_pending
    if (subscription["pause_collection"] or {}).get("resumes_at"):
        yield subscription["pause_collection"]["resumes_at"], _resume_collection
    if status == "trialing" and not subscription["_trial_notice"]:
        yield max(subscription["trial_end"] - TRIAL_NOTICE_AHEAD, subscription["trial_start"]), _announce_trial_end
    if boundary is not None:
        if subscription["_upcoming_for"] != boundary and (ends is None or ends > boundary):
            yield boundary - UPCOMING_AHEAD, _announce_renewal
        yield boundary, _renew


def _end(box: Sandbox, subscription: Record) -> None:
    endings.end(box, subscription, reason="cancellation_requested")


def _expire_pending(box: Sandbox, subscription: Record) -> None:
    invoice = box.store.need("invoice", subscription["_pending"]["invoice"])
    if invoice["status"] == "open":
        invoice_outcomes.void(box, invoice)
    with box.events.updating(subscription):
        box.store.update(subscription, pending_update=None, _pending=None)
    box.events.record("customer.subscription.pending_update_expired", subscription)


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
    was = box.render(subscription)
    invoice = renewals.draw(box, subscription)
    if subscription["status"] == "trialing":
        box.store.update(subscription, status="active")
    if invoice:
        invoices.announce(box, invoice)
        _apply_pause(box, subscription, invoice)
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
    reason = {"type": "trial_end_without_payment_method"}
    paused = {"subscription": reason, "transitioned_at": box.clock.now(), "type": "subscription"}
    with box.events.updating(subscription):
        box.store.update(subscription, status="paused", status_details={"paused": paused})
    box.events.record("customer.subscription.paused", subscription)
    return True


def _apply_pause(box: Sandbox, subscription: Record, invoice: Record) -> None:
    behavior = (subscription["pause_collection"] or {}).get("behavior")
    if behavior is None:
        return
    invoice_outcomes.stop_collecting(box, invoice)
    if behavior == "keep_as_draft":
        return
    invoices.finalize(box, invoice)
    if invoice["status"] == "open" and behavior == "void":
        invoice_outcomes.void(box, invoice)
    elif invoice["status"] == "open":
        invoice_outcomes.mark_uncollectible(box, invoice)
