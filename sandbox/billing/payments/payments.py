"""Payments that no invoice asks for: what a payment intent may be, and how it changes before it is confirmed.

Amounts: https://docs.stripe.com/currencies (least amounts, at most eight digits).
Simplifications: any three letters are a currency; cards are the only payment method, so an intent that excludes them is
refused as Stripe refuses one without a method that fits.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.billing.catalog.pricing import money
from sandbox.billing.payments import intents, methods
from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

LEAST = {
    "aed": 200,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "thb": 1000,
}
"""The least amount of one payment in minor units; where a currency is not named, 50."""

MOST = 99_999_999

DESCRIPTOR = 22
"""How long a statement descriptor may be."""


def check_amount(amount: int, currency: str) -> None:
    """Refuse an amount in minor units that Stripe would not charge."""
    if not (len(currency) == 3 and currency.isalpha()):
        raise invalid(f"Invalid currency: {currency}.", "currency")
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    least = LEAST.get(currency, 50)
    if amount < least:
        raise invalid(
            f"Amount must be at least {money(Decimal(least), currency)} {currency}", "amount", "amount_too_small"
        )
    if amount > MOST:
        raise invalid(
            f"Amount must be no more than {money(Decimal(MOST), currency)} {currency}", "amount", "amount_too_large"
        )


def check_types(params: dict[str, Any]) -> None:
    """Refuse parameters that contradict each other, or leave no payment method."""
    given = [name for name in ("allowed_payment_method_types", "excluded_payment_method_types") if params.get(name)]
    if (params.get("automatic_payment_methods") or {}).get("enabled"):
        given.append("automatic_payment_methods")
    if len(given) > 1:
        raise invalid(f"You may only specify one of these parameters: {', '.join(given)}.", given[0])
    allowed = params.get("allowed_payment_method_types") or ["card"]
    if "card" not in allowed or "card" in (params.get("excluded_payment_method_types") or ()):
        raise invalid(
            "No valid payment method types for this intent. Please ensure that you have activated payment methods "
            "compatible with your chosen currency in your dashboard.",
            given[0],
        )


def check_descriptors(params: dict[str, Any]) -> None:
    """Refuse words that a bank statement has no room for."""
    for name in ("statement_descriptor", "statement_descriptor_suffix"):
        if len(params.get(name) or "") > DESCRIPTOR:
            raise invalid(f"The {name} must be at most {DESCRIPTOR} characters.", name)


def choose(box: Sandbox, intent: Record, method: Record) -> None:
    """Put a method on an intent that is not confirmed; an authentication under way is dropped."""
    methods.refuse_to_use(method, intent["customer"])
    status = "requires_confirmation"
    box.store.update(intent, payment_method=method["id"], status=status, next_action=None, _pending=None)


def need_open(intent: Record, fields: list[str]) -> None:
    """Refuse to change these fields of an intent that was paid, is to be captured, or is over."""
    if fields and intent["status"] not in intents.OPEN:
        name = intents.NAMES[intent["object"]]
        raise intents.unexpected_state(
            intent,
            f"This {name}'s {fields[0]} could not be updated because it has a status of {intent['status']}. You may "
            f"only update the {fields[0]} of a {name} with one of the following statuses: {', '.join(intents.OPEN)}.",
        )
