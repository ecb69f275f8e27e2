"""Automatic retries: when, when not, and what follows the last one.

Sources: https://docs.stripe.com/billing/revenue-recovery/smart-retries (after a hard decline the schedule goes on and
counts, but nothing is charged until another card is there), and its page on pausing after a payment failure (what cannot be
paused is canceled; the invoice stays collectible).
Assumptions: a retry that is not made is told of by ``invoice.updated`` alone; without retries the first failure is the
last; an invoice that waits to resume a subscription, or to apply a pending update, ends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.billing import settings
from sandbox.billing.invoices import invoice_outcomes
from sandbox.billing.payments.cards import Refusal
from sandbox.billing.subscriptions import endings, standing
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

HARD = (
    "authentication_required",
    "highest_risk_level",
    "incorrect_number",
    "lost_card",
    "pickup_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "stolen_card",
    "transaction_not_allowed",
)
"""Codes after which the same card is not charged again."""


def note_refusal(box: Sandbox, invoice: Record, method: Record, refusal: Refusal) -> None:
    """Keep in mind which card is not to be charged again for an invoice."""
    if refusal.code in HARD or refusal.decline_code in HARD:
        box.store.update(invoice, _refused=method["id"])


def is_hopeless(invoice: Record, method: Record) -> bool:
    """Whether this card was refused for good for this invoice."""
    return bool(invoice.get("_refused") == method["id"])


def next_attempt(box: Sandbox, invoice: Record, tries: int) -> int | None:
    """When an invoice that was tried so many times is tried again."""
    if not _is_retried(invoice):
        return None
    pause = settings.retry_after(box, tries)
    return None if pause is None else box.clock.now() + pause


def conclude(box: Sandbox, invoice: Record) -> None:
    """Do what follows the last try of an invoice, if that was it."""
    subscription = standing.subscription_of(box, invoice)
    if subscription is None or subscription["status"] != "past_due" or not _is_retried(invoice):
        return
    if invoice["next_payment_attempt"] or standing.waits_for(subscription, invoice):
        return
    action = settings.of(box)["after_retries"]
    if action == "unpaid":
        with box.events.updating(subscription):
            box.store.update(subscription, status="unpaid")
    elif action == "pause" and standing.can_pause(subscription):
        standing.pause(box, subscription, "final_payment_failure")
    elif action in ("cancel", "pause"):
        _cancel(box, subscription, invoice)


def _cancel(box: Sandbox, subscription: Record, invoice: Record) -> None:
    endings.end(box, subscription, reason="payment_failed")
    if settings.of(box)["invoice_after_retries"] == "uncollectible" and invoice["status"] == "open":
        invoice_outcomes.mark_uncollectible(box, invoice, "max_payment_attempts")


def _is_retried(invoice: Record) -> bool:
    is_charged = invoice["auto_advance"] and invoice["collection_method"] == "charge_automatically"
    return bool(is_charged) and invoice["billing_reason"] != "subscription_create"
