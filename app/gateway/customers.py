"""Customers at Stripe, one per organization."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import stripe
from stripe.params import (
    CustomerBalanceTransactionCreateParams,
    CustomerCreateParams,
    CustomerUpdateParams,
    CustomerUpdateParamsAddress,
)
from stripe.params import (
    CustomerUpdateParamsInvoiceSettingsCustomField as CustomField,
)

from app.core import clock
from app.core.money import Money
from app.core.transactions import release

from . import intents
from .client import client
from .errors import translated
from .expandable import id_of

ADDRESS = ("line1", "line2", "city", "state", "postal_code", "country")
PURCHASE_ORDER = "PO number"
"""The name of the custom field that carries it, printed on invoices beside its value."""


@dataclass(frozen=True)
class CustomerRecord:
    stripe_id: str
    is_deleted: bool
    default_payment_method: str | None


@dataclass(frozen=True)
class BillingRecord:
    """Who is billed on the next invoice, with all parts of ADDRESS; "" for what Stripe was not told.

    `credit` is what their next invoices take off first, None without any; what they owe from before is no credit.
    """

    name: str
    address: dict[str, str]
    purchase_order: str
    credit: Money | None


def record_of(customer: stripe.Customer) -> CustomerRecord:
    """A customer that came in a list, or was deleted."""
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


def bill_to(
    key: str, stripe_id: str, *, name: str, address: Mapping[str, str], purchase_order: str, email: str = ""
) -> BillingRecord:
    """Who is billed from now on; "" empties a part, but leaves the mail address alone. Answers what Stripe has.

    The values are part of the deed's name: other values are another deed. One done before is not sent again, because by
    now something else may hold. Raises GatewayRefused with the `param` that Stripe does not take.
    """
    others: list[CustomField] = [
        field for field in _custom_fields(_retrieve(stripe_id)) if field["name"] != PURCHASE_ORDER
    ]
    fields: list[CustomField] = (
        [*others, {"name": PURCHASE_ORDER, "value": purchase_order}] if purchase_order else others
    )
    params: CustomerUpdateParams = {
        "name": name,
        "address": cast(CustomerUpdateParamsAddress, {part: address.get(part, "") for part in ADDRESS}),
        "invoice_settings": {"custom_fields": fields or ""},
    }
    if email:
        params["email"] = email
    deed = f"{key}:{intents.params_hash(params)[:16]}"
    if intents.outcome(deed):
        return billing_of(_retrieve(stripe_id))
    return billing_of(
        intents.perform(deed, params, lambda p, options: client().v1.customers.update(stripe_id, p, options))
    )


def billing(stripe_id: str) -> BillingRecord | None:
    """Who is billed, and what is printed; None for a customer who was deleted."""
    customer = _retrieve(stripe_id)
    return None if getattr(customer, "deleted", False) else billing_of(customer)


def billing_of(customer: stripe.Customer) -> BillingRecord:
    """What is kept of one that was not deleted."""
    address = customer.address.to_dict() if customer.address else {}
    orders = [field["value"] for field in _custom_fields(customer) if field["name"] == PURCHASE_ORDER]
    return BillingRecord(
        name=getattr(customer, "name", None) or "",
        address={part: address.get(part) or "" for part in ADDRESS},
        purchase_order=orders[0] if orders else "",
        credit=_credit(customer),
    )


def _credit(customer: stripe.Customer) -> Money | None:
    # Stripe's balance is what they owe.
    balance, currency = customer.balance or 0, getattr(customer, "currency", None)
    return Money(-balance, currency) if balance < 0 and currency else None


def _custom_fields(customer: stripe.Customer) -> list[CustomField]:
    settings = getattr(customer, "invoice_settings", None)
    fields = getattr(settings, "custom_fields", None) or []
    return [{"name": field.name, "value": field.value} for field in fields]


def _retrieve(stripe_id: str) -> stripe.Customer:
    release()
    with translated():
        return client().v1.customers.retrieve(stripe_id)


def retrieve(stripe_id: str) -> CustomerRecord:
    return record_of(_retrieve(stripe_id))


def set_default_card(key: str, stripe_id: str, payment_method: str) -> None:
    """Charge this card where a subscription has none of its own. Raises GatewayRefused for a card that is not theirs."""
    params: CustomerUpdateParams = {"invoice_settings": {"default_payment_method": payment_method}}
    intents.perform(key, params, lambda p, options: client().v1.customers.update(stripe_id, p, options))


def give_credit(key: str, stripe_id: str, amount: Money, memo: str) -> None:
    """Put `amount` on the balance that their next invoice takes off. Once per key."""
    if intents.outcome(key):
        return
    params: CustomerBalanceTransactionCreateParams = {
        "amount": -amount.amount,  # Stripe's balance is what they owe
        "currency": amount.currency,
        "description": memo,
    }
    intents.perform(
        key, params, lambda p, options: client().v1.customers.balance_transactions.create(stripe_id, p, options)
    )
