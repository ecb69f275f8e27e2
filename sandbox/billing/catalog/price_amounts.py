"""Amounts of a price: whole and decimal minor units side by side, and the amounts that count in another currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.encoding import join
from sandbox.errors import invalid
from sandbox.store import Record

PLACES = 12
"""The decimal places of an amount at most."""
TOO_MUCH = 10**12
"""Assumption: an amount has twelve digits at most, as the largest charge in any currency."""
NO_AMOUNT: dict[str, Any] = {"unit_amount": None, "unit_amount_decimal": None}
IN_CURRENCY = ("unit_amount", "unit_amount_decimal", "tiers", "tax_behavior")
"""The fields of a price that differ from currency to currency."""


def unit_amounts(given: dict[str, Any], param: str, *, required: bool = False, name: str = "unit_amount") -> Record:
    """``unit_amount`` (or another ``name``) and its decimal twin, of whichever is given; ``param`` is where they stand.

    Refuses both at once, negative and very large amounts, more than 12 decimal places and, if ``required``, none at all.
    """
    whole, exact = given.get(name), given.get(f"{name}_decimal")
    if whole is not None and exact is not None:
        message = f"You may only specify one of these parameters: {name}, {name}_decimal."
        raise invalid(message, join(param, name), "parameters_exclusive")
    stated = exact if exact is not None else whole
    if stated is None:
        if required:
            message = f"Prices require an `{name}` or `{name}_decimal` parameter to be set."
            raise invalid(message, join(param, name), "parameter_missing")
        return {name: None, f"{name}_decimal": None}
    amount, stands = Decimal(stated), join(param, name if exact is None else f"{name}_decimal")
    if amount < 0:
        raise invalid("Invalid non-negative integer", stands, "parameter_invalid_integer")
    if amount >= TOO_MUCH:
        raise invalid(f"Invalid amount: {name} must be less than {TOO_MUCH}.", stands)
    if amount != amount.quantize(Decimal(1).scaleb(-PLACES)):
        raise invalid(f"An amount has at most {PLACES} decimal places.", stands)
    is_whole = amount == amount.to_integral_value()
    return {name: int(amount) if is_whole else None, f"{name}_decimal": f"{amount.normalize():f}"}


def charges(price: Record, currency: str) -> bool:
    """Whether a price has amounts in that currency."""
    return currency in price["currency_options"]


def in_currency(price: Record, currency: str) -> Record:
    """The price as it counts in a currency it has: the record itself, or a copy with the option's amounts."""
    if currency == price["currency"]:
        return price
    option = price["currency_options"][currency]
    return {**price, **{name: option[name] for name in IN_CURRENCY}, "currency": currency}
