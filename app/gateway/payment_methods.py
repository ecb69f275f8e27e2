"""Cards saved at Stripe. We see brand, last four and expiry; the number never comes here."""

from dataclasses import dataclass

import stripe
from stripe.params import PaymentMethodDetachParams

from app.core.transactions import release

from . import intents
from .client import client
from .errors import GatewayRefused, translated
from .expandable import id_of


@dataclass(frozen=True)
class PaymentMethodRecord:
    stripe_id: str
    customer: str | None
    type: str
    brand: str
    last4: str
    exp_month: int | None
    exp_year: int | None
    fingerprint: str | None

    @property
    def label(self) -> str:
        """Visa •••• 4242"""
        return f"{self.brand.replace('_', ' ').title()} •••• {self.last4}" if self.last4 else self.type


def _record(method: stripe.PaymentMethod) -> PaymentMethodRecord:
    card = getattr(method, "card", None)
    return PaymentMethodRecord(
        stripe_id=method.id,
        customer=id_of(method.customer),
        type=method.type,
        brand=card.brand if card else method.type,
        last4=(card.last4 or "") if card else "",
        exp_month=card.exp_month if card else None,
        exp_year=card.exp_year if card else None,
        fingerprint=card.fingerprint if card else None,
    )


def of_customer(customer: str) -> list[PaymentMethodRecord]:
    release()
    with translated():
        page = client().v1.customers.payment_methods.list(customer, {"limit": 100})
        return [_record(method) for method in page.auto_paging_iter()]


def retrieve(stripe_id: str) -> PaymentMethodRecord:
    release()
    with translated():
        return _record(client().v1.payment_methods.retrieve(stripe_id))


def detach(key: str, stripe_id: str) -> None:
    """Forget a card for good; nothing for one that is forgotten already. Raises GatewayNotFound."""
    params: PaymentMethodDetachParams = {}
    try:
        intents.perform(key, params, lambda p, options: client().v1.payment_methods.detach(stripe_id, p, options))
    except GatewayRefused:
        if retrieve(stripe_id).customer is not None:
            raise
