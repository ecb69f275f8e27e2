"""Charging an intent, and what that means for the invoice and the subscription behind it.

Assumptions: an off-session charge of an invoice that needs 3-D Secure leaves the intent at ``requires_action``, any
other off-session charge is declined with ``authentication_required``. Retries: :mod:`sandbox.billing.payments.dunning`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.billing.invoices import delinquency, invoice_outcomes, invoice_payments
from sandbox.billing.payments import cards, dunning, intents, methods, verdicts
from sandbox.billing.payments.cards import Refusal
from sandbox.billing.payments.intents import Attempt
from sandbox.billing.subscriptions import standing
from sandbox.errors import ApiError, card_error, invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

FIRST_AFTER = 3600
FAILED = ("invoice.payment_failed",)
NEEDS_CUSTOMER = ("invoice.payment_failed", "invoice.payment_action_required")


def confirm(box: Sandbox, intent: Record, attempt: Attempt, *, automatic: bool = False) -> None:
    """Try to get the money of an intent; look at its status for the outcome. ``automatic`` counts as a retry."""
    intents.refuse_if_final(intent, "confirm")
    method = attempt.method
    methods.refuse_to_use(method, intent["customer"])
    if not verdicts.asks_to_pay(intent, method, off_session=attempt.off_session):
        complete(box, intent, method, verdicts.on_charge(box, intent, method), automatic=automatic)
    elif attempt.error_on_requires_action or (attempt.off_session and _invoice_of(box, intent) is None):
        complete(box, intent, method, cards.NEEDS_AUTHENTICATION, automatic=automatic)
    else:
        intents.ask_for_action(box, intent, attempt)
        if attempt.off_session:
            _note_failure(box, intent, NEEDS_CUSTOMER, automatic)


def complete(
    box: Sandbox,
    intent: Record,
    method: Record,
    refusal: Refusal | None,
    *,
    automatic: bool = False,
    authenticated: bool = False,
) -> None:
    """Charge the card and draw the consequences."""
    intents.charge(box, intent, method, refusal)
    if refusal:
        invoice = _invoice_of(box, intent)
        if invoice:
            dunning.note_refusal(box, invoice, method, refusal)
        _note_failure(box, intent, FAILED, automatic)
        return
    if authenticated and intent["setup_future_usage"] == "off_session":
        box.store.update(method, _set_up=True)
    methods.keep_or_spend(box, method, intent)
    payment = invoice_payments.of_intent(box, intent)
    if payment:
        invoice = box.store.need("invoice", payment["invoice"])
        count = invoice["attempt_count"] + (1 if automatic or not invoice["attempt_count"] else 0)
        invoice_outcomes.receive(box, invoice, payment, intent["amount_received"], attempt_count=count)
        if invoice["status"] == "paid":
            standing.paid(box, invoice, method)


def authentication_failed(box: Sandbox, intent: Record) -> None:
    """3-D Secure for a payment was not passed."""
    intents.fail_authentication(box, intent)
    _note_failure(box, intent, FAILED, automatic=False)


def pay(
    box: Sandbox, invoice: Record, method: Record | None, *, off_session: bool, automatic: bool = False
) -> ApiError | None:
    """Try to collect an open (or uncollectible) invoice; answers the error to show when that failed."""
    method = method or methods.for_invoice(box, invoice)
    if method is None:
        if automatic:
            _fail(box, invoice, FAILED, automatic)
        return _no_method()
    if automatic and dunning.is_hopeless(invoice, method):
        _fail(box, invoice, (), automatic)
        return _no_method()
    intent = invoice_payments.intent_of(box, invoice) or invoice_payments.ask_for_payment(box, invoice)
    confirm(box, intent, Attempt(method, off_session=off_session), automatic=automatic)
    if intent["status"] == "succeeded":
        return None
    if intent["status"] == "requires_action":
        return card_error(
            "Payment for this subscription requires additional user action before it can be completed successfully.",
            "invoice_payment_intent_requires_action",
            keep=True,
            payment_intent=box.render(intent),
        )
    return intents.as_api_error(box, intent)


def plan_first_attempt(box: Sandbox, invoice: Record) -> None:
    """An open invoice that advances by itself is charged an hour after it was finalized by hand."""
    if (
        invoice["status"] == "open"
        and invoice["auto_advance"]
        and invoice["collection_method"] == "charge_automatically"
    ):
        with box.events.updating(invoice):
            box.store.update(invoice, next_payment_attempt=box.clock.now() + FIRST_AFTER)


def attach(box: Sandbox, invoice: Record, intent: Record) -> None:
    """Let a payment intent of the customer pay an open invoice, at once if its money has come already."""
    invoice_outcomes.need_status(invoice, "open")
    if intent["customer"] != invoice["customer"] or intent["currency"] != invoice["currency"]:
        raise invalid("The PaymentIntent must be of the invoice's customer and in its currency.", "payment_intent")
    if intent["status"] == "canceled" or intent["capture_method"] == "manual" or _invoice_of(box, intent):
        message = "The PaymentIntent is canceled, is captured by hand, or pays an invoice already."
        raise invalid(message, "payment_intent")
    payment = invoice_payments.tie(box, invoice, intent, is_default=False)
    if intent["status"] == "succeeded":
        invoice_outcomes.receive(box, invoice, payment, intent["amount_received"])
        settle_free(box, invoice)


def settle_free(box: Sandbox, invoice: Record) -> None:
    """After an invoice was finalized with nothing due."""
    if invoice["status"] == "paid":
        standing.paid(box, invoice, None)


def await_payment(box: Sandbox, invoice: Record) -> None:
    """An invoice for a change waits for the customer; until then the subscription is behind."""
    standing.failed(box, invoice)


def _invoice_of(box: Sandbox, intent: Record) -> Record | None:
    payment = invoice_payments.of_intent(box, intent)
    return box.store.need("invoice", payment["invoice"]) if payment else None


def _note_failure(box: Sandbox, intent: Record, events: tuple[str, ...], automatic: bool) -> None:
    invoice = _invoice_of(box, intent)
    if invoice:
        _fail(box, invoice, events, automatic)


def _fail(box: Sandbox, invoice: Record, events: tuple[str, ...], automatic: bool) -> None:
    """An attempt failed, or was not even made, which no event tells of; before its due date nobody is behind."""
    counts = automatic or invoice["attempt_count"] == 0
    if counts:
        count = invoice["attempt_count"] + 1
        following = dunning.next_attempt(box, invoice, count)
        with box.events.updating(invoice):
            box.store.update(invoice, attempted=True, attempt_count=count, next_payment_attempt=following)
    for event in events:
        box.events.record(event, invoice)
    if automatic:
        delinquency.note(box, invoice, is_behind=True)
    if invoice["collection_method"] == "charge_automatically":
        standing.failed(box, invoice)
    if counts:
        dunning.conclude(box, invoice)


def _no_method() -> ApiError:
    return invalid(
        "This customer has no attached payment source or default payment method. Please consider adding a default "
        "payment method.",
        code="resource_missing",
    )
