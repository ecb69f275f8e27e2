"""Payments at Stripe, each try of a card and what was given back (https://docs.stripe.com/api/payment_intents)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import stripe
from stripe.params import PaymentIntentConfirmParams, PaymentIntentCreateParams

from app.core import clock
from app.core.money import Money
from app.core.transactions import release

from . import intents, listing
from .client import client
from .errors import GatewayNotFound, translated
from .expandable import id_of
from .listing import Page
from .payment_intents import INTENT_ID
from .times import instant

MOST_TRIES = 100
"""Of one payment that are looked at; Stripe itself stops asking a bank long before."""

REFUNDS = ("re_", "pyr_")


@dataclass(frozen=True)
class AttemptRecord:
    """A charge: one try of a card. Amounts in minor units; `failure` is Stripe's sentence for the customer."""

    stripe_id: str
    status: str
    amount: int
    refunded: int
    brand: str
    last4: str
    failure: str | None
    made_at: datetime


@dataclass(frozen=True)
class RefundRecord:
    """`amount` in minor units; `reason` and `failure_reason` are Stripe's words.

    `is_ours`: asked for here, not at Stripe's own pages or by a credit note.
    """

    stripe_id: str
    amount: int
    status: str
    reason: str | None
    failure_reason: str | None
    created_at: datetime
    is_ours: bool


@dataclass(frozen=True)
class PaymentRecord:
    """`amount` in minor units of `currency`; attempts and refunds oldest first. `asked_at` is machine time."""

    stripe_id: str
    customer: str | None
    status: str
    amount: int
    currency: str
    created_at: datetime
    metadata: Mapping[str, str]
    client_secret: str = field(repr=False)
    error: str | None
    attempts: tuple[AttemptRecord, ...]
    refunds: tuple[RefundRecord, ...]
    asked_at: datetime

    @property
    def refundable(self) -> int:
        """What has come in and was not given back."""
        return sum(attempt.amount - attempt.refunded for attempt in self.attempts if attempt.status == "succeeded")


def prepare(key: str, *, customer: str, amount: Money, metadata: Mapping[str, str]) -> str:
    """A payment for a browser, or `confirm`, to go on with; answers its id. Raises GatewayRefused for the amount."""
    params: PaymentIntentCreateParams = {
        "amount": amount.amount,
        "currency": amount.currency,
        "customer": customer,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": dict(metadata),
    }
    return intents.perform(key, params, lambda p, options: client().v1.payment_intents.create(p, options)).id


def confirm(key: str, stripe_id: str, payment_method: str) -> None:
    """Charge a saved card while the customer is there; the bank may want to ask. Raises PaymentDeclined, GatewayRefused."""
    params: PaymentIntentConfirmParams = {"payment_method": payment_method, "off_session": False}
    intents.perform(key, params, lambda p, options: client().v1.payment_intents.confirm(stripe_id, p, options))


def retrieve(stripe_id: str) -> PaymentRecord:
    """The payment with all its tries and refunds: one call, two before the first try. Raises GatewayNotFound."""
    if not INTENT_ID.fullmatch(stripe_id) or not stripe_id.startswith("pi_"):
        raise GatewayNotFound()
    release()
    asked_at = clock.wall()
    with translated():
        found = client().v1.charges.list(
            {
                "payment_intent": stripe_id,
                "limit": MOST_TRIES,
                "expand": ["data.refunds", "data.payment_intent"],
            }
        )
        charges = sorted(found.data, key=lambda charge: charge.created)
        intent: Any = charges[-1].payment_intent if charges else client().v1.payment_intents.retrieve(stripe_id)
    return _record(intent, charges, asked_at)


def page(after: str | None, since: datetime | None) -> Page[PaymentRecord]:
    """Payments with only the latest of their tries: the others failed, and nothing happens to them any more."""
    asked_at = clock.wall()
    return listing.fetch(
        client().v1.payment_intents.list,
        lambda intent: _record(intent, _latest(intent), asked_at),
        after=after,
        since=since,
        expand=["data.latest_charge.refunds"],
    )


def invoice_of(stripe_id: str) -> str | None:
    """The number of the invoice that a payment is for, "" while it has none; None for a payment on its own."""
    release()
    with translated():
        found = client().v1.invoice_payments.list(
            {
                "payment": {"type": "payment_intent", "payment_intent": stripe_id},
                "limit": 1,
                "expand": ["data.invoice"],
            }
        )
    invoice: Any = found.data[0].invoice if found.data else None
    return None if invoice is None else getattr(invoice, "number", None) or ""


def intent_of(stripe_id: str) -> str | None:
    """The payment that a refund (`re_…`) or a charge belongs to; None for one older than payment intents."""
    release()
    with translated():
        if stripe_id.startswith(REFUNDS):
            return id_of(client().v1.refunds.retrieve(stripe_id).payment_intent)
        return id_of(client().v1.charges.retrieve(stripe_id).payment_intent)


def _record(intent: stripe.PaymentIntent, charges: list[stripe.Charge], asked_at: datetime) -> PaymentRecord:
    refunds = [refund for charge in charges for refund in _listed(charge)]
    return PaymentRecord(
        stripe_id=intent.id,
        customer=id_of(intent.customer),
        status=intent.status,
        amount=intent.amount,
        currency=intent.currency,
        created_at=instant(intent.created),
        metadata=intent.metadata.to_dict() if intent.metadata else {},
        client_secret=intent.client_secret or "",
        error=intent.last_payment_error.message if intent.last_payment_error else None,
        attempts=tuple(_attempt(charge) for charge in charges),
        refunds=tuple(_refund(refund) for refund in sorted(refunds, key=lambda refund: refund.created)),
        asked_at=asked_at,
    )


def _latest(intent: stripe.PaymentIntent) -> list[stripe.Charge]:
    charge: Any = intent.latest_charge
    return [charge] if charge else []


def _listed(charge: stripe.Charge) -> list[stripe.Refund]:
    refunds = getattr(charge, "refunds", None)
    return list(refunds.data) if refunds else []


def _attempt(charge: stripe.Charge) -> AttemptRecord:
    details = charge.payment_method_details
    card: Any = getattr(details, "card", None)
    return AttemptRecord(
        stripe_id=charge.id,
        status=charge.status,
        amount=charge.amount,
        refunded=charge.amount_refunded,
        brand=getattr(card, "brand", None) or (details.type if details else ""),
        last4=getattr(card, "last4", None) or "",
        failure=charge.failure_message,
        made_at=instant(charge.created),
    )


def _refund(refund: stripe.Refund) -> RefundRecord:
    return RefundRecord(
        stripe_id=refund.id,
        amount=refund.amount,
        status=refund.status or "pending",
        reason=refund.reason,
        failure_reason=getattr(refund, "failure_reason", None),
        created_at=instant(refund.created),
        is_ours=bool(refund.metadata and "payment" in refund.metadata.to_dict()),
    )
