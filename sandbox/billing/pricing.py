"""What a quantity of a price costs, and how a line says it.

Rounding: half up to the minor unit, once per line (for tiers, once over all of them). Assumption: Stripe rounds so too.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.store import Record

EXPONENTS = dict.fromkeys(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"], 0
) | dict.fromkeys(["bhd", "jod", "kwd", "omr", "tnd"], 3)
"""Currencies whose minor unit is not a hundredth."""
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def rounded(amount: Decimal) -> int:
    """To the minor unit, half away from zero, so that a credit mirrors its debit."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def amount(price: Record, quantity: int | Decimal) -> int:
    """The cost of ``quantity`` for one period, in minor units."""
    if price["transform_quantity"]:
        quantity = _transformed(price["transform_quantity"], quantity)
    if price["billing_scheme"] == "per_unit":
        return rounded(Decimal(price["unit_amount_decimal"]) * quantity)
    tiers = price["tiers"]
    return rounded(_volume(tiers, quantity) if price["tiers_mode"] == "volume" else _graduated(tiers, quantity))


def describe(price: Record, product: Record, quantity: int | Decimal) -> str:
    """``1 × Growth (at $99.00 / month)``."""
    recurring = price["recurring"]
    span = ""
    if recurring:
        count = recurring["interval_count"]
        span = f" / {recurring['interval']}" if count == 1 else f" every {count} {recurring['interval']}s"
    if price["billing_scheme"] == "tiered":
        return f"{quantity} × {product['name']} (tiered{span})"
    return (
        f"{quantity} × {product['name']} (at {money(Decimal(price['unit_amount_decimal']), price['currency'])}{span})"
    )


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


def _of_tier(tier: dict[str, Any], quantity: int | Decimal) -> Decimal:
    return Decimal(tier["unit_amount_decimal"] or 0) * quantity + Decimal(tier["flat_amount_decimal"] or 0)


def _volume(tiers: list[dict[str, Any]], quantity: int | Decimal) -> Decimal:
    tier = next(one for one in tiers if one["up_to"] is None or quantity <= one["up_to"])
    return _of_tier(tier, quantity)


def _graduated(tiers: list[dict[str, Any]], quantity: int | Decimal) -> Decimal:
    total = Decimal(0)
    floor: int | Decimal = 0
    for tier in tiers:
        top = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        if top <= floor and floor > 0:
            break
        total += _of_tier(tier, top - floor)
        floor = top
    return total
