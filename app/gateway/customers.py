"""Customers at Stripe, one per organization."""

from dataclasses import dataclass

import stripe
from stripe.params import CustomerCreateParams, CustomerUpdateParams

from app.core import clock
from app.core.transactions import release

from . import intents
from .client import client
from .errors import translated
from .expandable import id_of


@dataclass(frozen=True)
class CustomerRecord:
    stripe_id: str
    is_deleted: bool
    default_payment_method: str | None


def _record(customer: stripe.Customer) -> CustomerRecord:
    if getattr(customer, "deleted", False):
        return CustomerRecord(customer.id, is_deleted=True, default_payment_method=None)
    settings = customer.invoice_settings
    method = settings.default_payment_method if settings else None
    return CustomerRecord(customer.id, is_deleted=False, default_payment_method=id_of(method))


def create(key: str, organization: str) -> str:
    """Create the customer of `organization` (its public id) and answer Stripe's id; the same key, the same customer.

    Only what never changes is sent, so that the key fits whoever tries again; `update` brings the rest.
    """
    if known := intents.outcome(key):
        return known
    params: CustomerCreateParams = {"metadata": {"organization": organization}}
    try:
        return _create(key, params)
    except intents.IntentTooOld:
        # Stripe may have forgotten the key of a try whose end nobody heard. Should it have made a customer then, that one
        # was never claimed and has nothing: a second one harms nobody, while no customer closes the checkout for good.
        return _create(f"{key}:{clock.wall():%Y-%m-%d}", params)


def _create(key: str, params: CustomerCreateParams) -> str:
    return intents.perform(key, params, lambda p, options: client().v1.customers.create(p, options)).id


def update(key: str, stripe_id: str, *, name: str, country: str, email: str) -> None:
    """Who is billed from now on. The values are part of the deed's name: other values are another deed."""
    params: CustomerUpdateParams = {"name": name, "email": email, "address": {"country": country}}
    deed = f"{key}:{intents.params_hash(params)[:16]}"
    intents.perform(deed, params, lambda p, options: client().v1.customers.update(stripe_id, p, options))


def retrieve(stripe_id: str) -> CustomerRecord:
    release()
    with translated():
        return _record(client().v1.customers.retrieve(stripe_id))
