"""Money is an integer of minor units with its ISO currency; nothing here ever sees a float."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from babel.numbers import format_currency

# https://docs.stripe.com/currencies: how many decimals the API's integers carry. ISK and UGX have none in daily use,
# yet Stripe keeps them at two for backwards compatibility.
ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
WIDE_YEN = "\uffe5"
"""The yen sign of Japanese typesetting, which no typeface of ours has."""
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


CODE_AND_DIGIT = re.compile(r"(?<=[A-Z]{3})(?=\d)")


def spaced(written: str) -> str:
    """A code before its amount stands apart, as CLDR has it and Babel forgets: KWD 12.340; and a minus is no hyphen."""
    return CODE_AND_DIGIT.sub("\N{NO-BREAK SPACE}", written).replace("-", "\N{MINUS SIGN}")


def exponent(currency: str) -> int:
    """Decimal places of a currency's minor unit at Stripe: 0 for yen, 3 for dinar, otherwise 2."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


@dataclass(frozen=True, order=False)
class Money:
    """An amount in minor units (cents, yen, fils) and its lower-case ISO 4217 code."""

    amount: int
    currency: str

    def __add__(self, other: Self) -> Self:
        self._same(other)
        return type(self)(self.amount + other.amount, self.currency)

    def __sub__(self, other: Self) -> Self:
        self._same(other)
        return type(self)(self.amount - other.amount, self.currency)

    def __mul__(self, quantity: int) -> Self:
        return type(self)(self.amount * quantity, self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.amount, self.currency)

    def _same(self, other: Self) -> None:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))

    def format(self, locale: str = "en_US") -> str:
        """As people write it: `Money(125_000, "jpy")` is ¥125,000, `Money(2900, "usd")` is $29.00."""
        places = exponent(self.currency)
        pattern = "¤#,##0" + ("." + "0" * places if places else "")
        if locale.startswith("en"):
            return spaced(
                format_currency(
                    self.decimal, self.currency.upper(), f"{pattern};-{pattern}", locale, currency_digits=False
                )
            )
        written = format_currency(self.decimal, self.currency.upper(), locale=locale, currency_digits=True)
        return spaced(str(written).replace(WIDE_YEN, "¥"))
