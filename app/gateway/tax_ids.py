"""Tax ids of customers at Stripe (https://docs.stripe.com/api/customer_tax_ids)."""

from dataclasses import dataclass
from typing import cast

import stripe
from stripe.params import CustomerTaxIdCreateParams, CustomerTaxIdDeleteParams

from app.core.transactions import release

from . import intents
from .client import client
from .errors import GatewayNotFound, translated
from .expandable import id_of


@dataclass(frozen=True)
class TaxIdRecord:
    """`verification` is Stripe's word: pending, verified, unverified, unavailable."""

    stripe_id: str
    customer: str | None
    type: str
    value: str
    verification: str


def create(key: str, customer: str, kind: str, value: str) -> TaxIdRecord:
    """Print this number on the customer's invoices from now on. Raises GatewayRefused when it has the wrong form.

    The values are part of the deed's name, so that a mended number is another deed. Raises IntentSpent for one that was
    done before: the number may be gone again by now.
    """
    params = cast(CustomerTaxIdCreateParams, {"type": kind, "value": value})
    deed = f"{key}:{intents.params_hash(params)[:16]}"
    if intents.outcome(deed):
        raise intents.IntentSpent()
    return record_of(
        intents.perform(deed, params, lambda p, options: client().v1.customers.tax_ids.create(customer, p, options))
    )


def delete(key: str, customer: str, stripe_id: str) -> None:
    """Print it no longer; one that is gone already is as good."""
    params: CustomerTaxIdDeleteParams = {}
    try:
        intents.perform(
            key, params, lambda p, options: client().v1.customers.tax_ids.delete(customer, stripe_id, p, options)
        )
    except GatewayNotFound:
        return


def of_customer(customer: str) -> list[TaxIdRecord]:
    release()
    with translated():
        page = client().v1.customers.tax_ids.list(customer, {"limit": 100})
        return [record_of(tax_id) for tax_id in page.auto_paging_iter()]


def retrieve(stripe_id: str) -> TaxIdRecord:
    """Raises GatewayNotFound for one that was deleted."""
    release()
    with translated():
        return record_of(client().v1.tax_ids.retrieve(stripe_id))


def record_of(tax_id: stripe.TaxId) -> TaxIdRecord:
    """A number that came with another object."""
    verification = getattr(tax_id, "verification", None)
    return TaxIdRecord(
        stripe_id=tax_id.id,
        customer=id_of(getattr(tax_id, "customer", None)),
        type=tax_id.type,
        value=tax_id.value,
        verification=verification.status if verification else "unavailable",
    )
