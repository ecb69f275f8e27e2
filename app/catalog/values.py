"""What a value in a catalogue file may be; a bad one is refused in a sentence that says how to write it."""

import re
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any

from babel.core import get_global
from pydantic import BeforeValidator, Field

from .tree import FeatureValue

MAX_AMOUNT = 99_999_999  # Stripe's largest unit amount, eight digits
MAX_OVERAGE_DECIMALS = 12  # https://docs.stripe.com/api/prices/create, unit_amount_decimal
MAX_QUANTITY = 10**15
MAX_TRIAL_DAYS = 730  # Stripe's
MAX_SEATS = 100_000
UNLIMITED = "unlimited"
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _key(value: object) -> str:
    if not isinstance(value, str) or not KEY.fullmatch(value):
        raise ValueError("must be lower-case letters, digits and _, beginning with a letter (up to 40)")
    return value


@cache
def currencies() -> frozenset[str]:
    """Every currency that is legal tender somewhere today, in lower case."""
    tender = get_global("territory_currencies").values()
    return frozenset(code.lower() for uses in tender for code, _since, until, legal in uses if legal and until is None)


def _currency(value: object) -> str:
    if not isinstance(value, str) or value not in currencies():
        raise ValueError("is not a currency; write its three letters in lower case, such as usd")
    return value


def _amount(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a whole number of minor units, such as 2900 for $29.00")
    if value <= 0:
        raise ValueError('must be more than 0; a plan that costs nothing has kind = "free" and no prices')
    if value > MAX_AMOUNT:
        raise ValueError(f"is too large; the most one price can be is {MAX_AMOUNT:,} minor units")
    return value


def _overage(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number of minor units, such as 2 for $0.02 or 0.04 for $0.0004")
    amount = Decimal(value)
    if not amount.is_finite() or amount <= 0:
        raise ValueError("must be more than 0")
    if amount > MAX_AMOUNT:
        raise ValueError(f"is too large; the most one unit can be is {MAX_AMOUNT:,} minor units")
    if -int(amount.normalize().as_tuple().exponent) > MAX_OVERAGE_DECIMALS:
        raise ValueError(f"has more than {MAX_OVERAGE_DECIMALS} decimals")
    return amount


def _quantity(value: object) -> int | None:
    if value == UNLIMITED:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError('must be a whole number or "unlimited"')
    if not 0 <= value <= MAX_QUANTITY:
        raise ValueError(f"must be between 0 and {MAX_QUANTITY:,}")
    return value


def _feature(value: object) -> FeatureValue:
    if isinstance(value, int) and abs(value) <= MAX_QUANTITY:
        return value
    if isinstance(value, str) and value.strip() and value.isprintable():
        return value
    raise ValueError("must be true, false, a whole number or words in quotes")


def one_of(kind: type[StrEnum]) -> Callable[[object], Any]:
    """A converter of words, for BeforeValidator."""

    def convert(value: object) -> Any:
        if value not in list(kind):
            raise ValueError(f"must be one of: {', '.join(kind)}")
        return kind(str(value))

    return convert


Key = Annotated[str, BeforeValidator(_key)]
Currency = Annotated[str, BeforeValidator(_currency)]
Amount = Annotated[int, BeforeValidator(_amount)]
Overage = Annotated[Decimal, BeforeValidator(_overage)]
Quantity = Annotated[int | None, BeforeValidator(_quantity)]
Value = Annotated[FeatureValue, BeforeValidator(_feature)]
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=ONE_LINE)]
Note = Annotated[str, Field(max_length=60, pattern=ONE_LINE)]
Sentence = Annotated[str, Field(max_length=200, pattern=ONE_LINE)]
