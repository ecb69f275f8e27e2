"""What a subscription would bill if it were changed, canceled, paused or resumed: done, to be undone by the preview.

Source: Stripe's API reference for previews (what a pause previews, and that ``pending_invoice_item`` has no preview).
Assumptions: a change that makes an invoice previews that, any other the next renewal with the prorations on it;
``recurring`` shows a renewal without anything pending; a subscription that ends before its renewal previews its last
invoice; nothing to bill is an empty invoice, or ``invoice_upcoming_none`` while nothing is going to be billed at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import discounts, invoices, pending
from sandbox.billing.schedules import schedule_course
from sandbox.billing.subscriptions import canceling, changes, endings, pausing, renewals, update_checks, waiting
from sandbox.errors import ApiError, invalid, unsupported
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

OTHER_WAYS = ("billing_mode", "cancel_now", "pause", "resume_at")
"""``subscription_details`` that are no parameters of an update."""


def invoice_of(box: Sandbox, subscription: Record, params: dict[str, Any]) -> Record:
    """The draft of the invoice that a preview with these parameters is to show."""
    details = params.get("subscription_details") or {}
    if subscription["status"] in endings.OVER:
        raise _nothing("You cannot preview the upcoming invoice for a canceled subscription.")
    if "automatic_tax" in params:
        changes.apply_plain(box, subscription, {"automatic_tax": params["automatic_tax"]})
    if (details.get("billing_mode") or {}).get("type", "flexible") != "flexible":
        raise unsupported("subscription_details[billing_mode][type]")
    if details.get("cancel_now"):
        return _canceled(box, subscription, details)
    if details.get("pause"):
        return _paused(box, subscription, details["pause"])
    if details.get("resume_at"):
        return _resumed(box, subscription, details)
    if subscription["status"] == "paused":
        raise _nothing("You cannot preview the upcoming invoice for a paused subscription.")
    return _changed(box, subscription, params, details)


def renewal(box: Sandbox, subscription: Record) -> Record:
    """The draft of the next renewal, as it would be now."""
    with box.clock.at(max(subscription["_boundary"], box.clock.now())):
        kept = [one["id"] for one in discounts.of(box, subscription["discounts"])]
        box.store.update(subscription, discounts=kept)
        schedule_course.catch_up(box, subscription)
        return renewals.draw(box, subscription) or empty(box, subscription)


def empty(box: Sandbox, subscription: Record) -> Record:
    """A draft without lines."""
    customer = box.store.need("customer", subscription["customer"])
    return invoices.draft(box, customer, [], subscription, currency=subscription["currency"])


def _changed(box: Sandbox, subscription: Record, params: dict[str, Any], details: dict[str, Any]) -> Record:
    wish = {name: value for name, value in details.items() if name not in OTHER_WAYS}
    if "discounts" in params:
        wish["discounts"] = params["discounts"]
    if (wish.get("billing_cycle_anchor") or {}).get("type") == "timestamp":
        message = "For an existing subscription the billing cycle anchor can only be `now` or `unchanged`."
        raise invalid(message, "subscription_details[billing_cycle_anchor][type]")
    update_checks.check(box, subscription, wish)
    change, is_prorated = changes.put(box, subscription, wish)
    if params.get("preview_mode") == "recurring":
        for one in pending.of(box, subscription):
            box.store.remove(one)
    elif changes.bills(change, is_prorated, wish) and (invoice := changes.bill(box, subscription, change)):
        return invoice
    if subscription["cancel_at"] and subscription["cancel_at"] <= subscription["_boundary"]:
        with box.clock.at(subscription["cancel_at"]):
            return canceling.last_invoice(box, subscription) or empty(box, subscription)
    return renewal(box, subscription)


def _canceled(box: Sandbox, subscription: Record, details: dict[str, Any]) -> Record:
    at = details.get("proration_date") or box.clock.now()
    prorates = details.get("proration_behavior", "create_prorations") != "none"
    invoice = canceling.settle(box, subscription, at, prorate=prorates, bill=True)
    return invoice or empty(box, subscription)


def _paused(box: Sandbox, subscription: Record, wish: dict[str, Any]) -> Record:
    pausing.check_pausable(subscription)
    invoice = pausing.stop(box, subscription, wish)
    if invoice is None:
        raise _nothing("Pausing this subscription would not generate an invoice.")
    return invoice


def _resumed(box: Sandbox, subscription: Record, details: dict[str, Any]) -> Record:
    pausing.check_resumable(subscription)
    planned, invoice = pausing.restart(box, subscription, details)
    if invoice:
        return invoice
    box.store.update(subscription, _resuming=planned)
    waiting.resume(box, subscription, "active")
    return renewal(box, subscription)


def _nothing(message: str) -> ApiError:
    return invalid(message, code="invoice_upcoming_none")
