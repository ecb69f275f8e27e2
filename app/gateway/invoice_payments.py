"""The money of an invoice: pay it with a card, and look how its payment stands."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import stripe
from stripe.params import InvoiceMarkUncollectibleParams, InvoicePayParams, InvoiceUpdateParams

from app.core.transactions import release

from . import intents, payment_intents
from .client import client
from .errors import GatewayNotFound, GatewayRefused, translated
from .expandable import id_of
from .payment_intents import IntentRecord

INVOICE_ID = re.compile(r"in_[A-Za-z0-9_]+")
OWNER_ASKED = {"authentication_required", "payment_intent_authentication_failure"}
"""Why a charge failed when its bank wanted to hear the owner of the card (https://docs.stripe.com/error-codes)."""

EXPAND = [
    "confirmation_secret",
    "customer",
    "parent.subscription_details.subscription",
    "payments.data.payment.payment_intent",
]


@dataclass(frozen=True)
class PaymentState:
    """`status` is the invoice's, `remaining` in minor units of `currency`; `intent` is what collects it, None for a draft.

    `client_secret` lets a browser confirm the intent; `default_card` is what Stripe charges when no card is named;
    `asks_owner` when all that the last attempt lacked is its owner's word to the bank.
    """

    invoice: str
    customer: str
    subscription: str | None
    status: str
    remaining: int
    currency: str
    intent: IntentRecord | None
    client_secret: str | None = field(repr=False)
    default_card: str | None
    asks_owner: bool

    @property
    def card(self) -> str | None:
        """What the customer is asked about: the card under way, or else the one that would be charged."""
        return (self.intent.payment_method if self.intent else None) or self.default_card

    @property
    def is_owed(self) -> bool:
        return self.status == "open" and self.remaining > 0

    @property
    def is_processing(self) -> bool:
        """The money is on its way although the invoice does not say so yet."""
        return self.is_owed and self.intent is not None and (self.intent.is_processing or self.intent.is_done)

    @property
    def needs_confirmation(self) -> bool:
        """The bank of the card asks for its owner."""
        return self.is_owed and self.intent is not None and self.intent.asks_owner


def look(stripe_id: str) -> PaymentState:
    """How the payment of an invoice stands. Raises GatewayNotFound, also for what is no invoice's id."""
    if not INVOICE_ID.fullmatch(stripe_id):
        raise GatewayNotFound()
    release()
    with translated():
        return _state(client().v1.invoices.retrieve(stripe_id, {"expand": EXPAND}))


def pay(key: str, stripe_id: str, payment_method: str | None, *, off_session: bool = False) -> None:
    """Charge an open invoice: this card, or else the one Stripe would charge. `off_session` when the customer is not there.

    Raises PaymentDeclined, also when the bank asks for the customer: `look` tells the two apart. GatewayRefused when it
    cannot be paid any more, the card is not the customer's, or there is none.
    """
    params: InvoicePayParams = {"off_session": off_session}
    if payment_method:
        params["payment_method"] = payment_method
    intents.perform(key, params, lambda p, options: client().v1.invoices.pay(stripe_id, p, options))


def stop_retries(key: str, stripe_id: str) -> None:
    """From now on Stripe leaves the charging of this invoice to us; nothing to stop where it is settled. Once per key."""
    params: InvoiceUpdateParams = {"auto_advance": False}
    with suppress(GatewayRefused):
        intents.perform(key, params, lambda p, options: client().v1.invoices.update(stripe_id, p, options))


def write_off(key: str, stripe_id: str) -> None:
    """Give up on the money (Stripe: uncollectible), unless it came or was voided meanwhile. Once per key.

    For the latest invoice of a subscription that is past due, Stripe takes that for a payment and makes it active again
    (https://docs.stripe.com/billing/subscriptions/overview): end the subscription first.
    """
    params: InvoiceMarkUncollectibleParams = {}
    with suppress(GatewayRefused):
        intents.perform(key, params, lambda p, options: client().v1.invoices.mark_uncollectible(stripe_id, p, options))


def _state(invoice: stripe.Invoice) -> PaymentState:
    intent = next(_intents(invoice), None)
    secret = getattr(invoice, "confirmation_secret", None)
    subscription: Any = _subscription(invoice)
    return PaymentState(
        invoice=invoice.id,
        customer=id_of(invoice.customer) or "",
        subscription=id_of(subscription),
        status=invoice.status or "draft",
        remaining=invoice.amount_remaining,
        currency=invoice.currency,
        intent=payment_intents.of_payment(intent) if intent else None,
        client_secret=secret.client_secret if secret else None,
        default_card=_default_card(invoice, subscription),
        asks_owner=intent is not None and _asks_owner(intent),
    )


def _asks_owner(intent: stripe.PaymentIntent) -> bool:
    error = intent.last_payment_error
    return intent.status == "requires_action" or (error is not None and error.code in OWNER_ASKED)


def _subscription(invoice: stripe.Invoice) -> Any:
    details = invoice.parent.subscription_details if invoice.parent else None
    return details.subscription if details else None


def _intents(invoice: stripe.Invoice) -> Iterator[stripe.PaymentIntent]:
    """The one that follows the amount due; others were attached by hand."""
    for payment in invoice.payments.data if invoice.payments else []:
        intent: Any = getattr(payment.payment, "payment_intent", None)
        if payment.is_default and intent is not None:
            yield intent


def _default_card(invoice: stripe.Invoice, subscription: Any) -> str | None:
    """In Stripe's order: the invoice's, the subscription's, the customer's (https://docs.stripe.com/billing/invoices/overview)."""
    settings = getattr(invoice.customer, "invoice_settings", None)
    candidates = (
        invoice.default_payment_method,
        getattr(subscription, "default_payment_method", None),
        getattr(settings, "default_payment_method", None),
    )
    return next((id_of(card) for card in candidates if card), None)
