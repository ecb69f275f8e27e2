"""What a quantity of a price costs, and how a line says it.

Rounding: half up to the minor unit, once per line, and tiers ask for one line each, so that the lines of an item add up
to its amount. Assumptions: Stripe rounds so too; the words of descriptions.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from sandbox.billing.catalog import price_tiers
from sandbox.billing.catalog.price_tiers import Share
from sandbox.store import Record

EXPONENTS = dict.fromkeys(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"], 0
) | dict.fromkeys(["bhd", "jod", "kwd", "omr", "tnd"], 3)
"""Currencies whose minor unit is not a hundredth."""
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}

WIDE = Context(prec=100)
"""Digits enough for the largest amount times the largest quantity."""


def rounded(amount: Decimal) -> int:
    """To the minor unit, half away from zero, so that a credit mirrors its debit."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP, WIDE))


@dataclass(frozen=True)
class Part:
    """A line's worth of what an item costs; ``unit`` is the exact price of one."""

    amount: int
    quantity: int | Decimal
    unit: Decimal
    label: str


def amount(price: Record, quantity: int | Decimal) -> int:
    """The cost of ``quantity`` for one period, in minor units."""
    if price["transform_quantity"]:
        quantity = _transformed(price["transform_quantity"], quantity)
    if price["billing_scheme"] == "per_unit":
        return rounded(Decimal(price["unit_amount_decimal"]) * quantity)
    return sum(rounded(share.unit * share.quantity) + rounded(share.flat) for share in _shares(price, quantity))


def parts(price: Record, product: Record, quantity: int | Decimal) -> list[Part]:
    """The lines a tiered price asks for: units and flat amount of every tier reached. They add up to the amount."""
    made = []
    for share in _shares(price, quantity):
        if share.quantity or not share.flat:
            made.append(_part(price, product, share, share.unit, share.quantity))
        if share.flat:
            made.append(_part(price, product, share, share.flat, None))
    return made


def describe(price: Record, product: Record, quantity: int | Decimal) -> str:
    """``1 × Growth (at $99.00 / month)``."""
    if price["billing_scheme"] == "tiered":
        return f"{quantity} × {product['name']} (tiered{_span(price)})"
    unit = money(Decimal(price["unit_amount_decimal"]), price["currency"])
    return f"{quantity} × {product['name']} (at {unit}{_span(price)})"


def money(amount: Decimal, currency: str) -> str:
    """An amount in minor units (fractions allowed) as Stripe's own texts write it: ``$99.00``, ``$0.0004``."""
    exponent = EXPONENTS.get(currency, 2)
    major = amount.scaleb(-exponent)
    shown = f"{major:,.{exponent}f}" if amount == int(amount) else f"{major.normalize():f}"
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{shown}" if symbol else f"{shown} {currency.upper()}"


def _transformed(rule: dict[str, Any], quantity: int | Decimal) -> int | Decimal:
    whole, rest = divmod(Decimal(quantity), int(rule["divide_by"]))
    return whole + (1 if rest and rule["round"] == "up" else 0)


def _shares(price: Record, quantity: int | Decimal) -> list[Share]:
    return price_tiers.shares(price["tiers"], price["tiers_mode"], quantity)


def _part(price: Record, product: Record, share: Share, unit: Decimal, quantity: int | Decimal | None) -> Part:
    """``quantity`` is None for a flat amount."""
    cost = money(unit, price["currency"])
    if quantity is None:
        return Part(rounded(unit), 1, unit, f"{product['name']} (Tier {share.number} flat fee of {cost}{_span(price)})")
    label = f"{quantity} × {product['name']} (Tier {share.number} at {cost}{_span(price)})"
    return Part(rounded(unit * quantity), quantity, unit, label)


def _span(price: Record) -> str:
    recurring = price["recurring"]
    if not recurring:
        return ""
    count = recurring["interval_count"]
    return f" / {recurring['interval']}" if count == 1 else f" every {count} {recurring['interval']}s"
