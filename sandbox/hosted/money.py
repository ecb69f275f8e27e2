"""Amounts as people read them."""

from decimal import Decimal

# https://docs.stripe.com/currencies: amounts are in the currency's minor unit, whose size differs.
ZERO_DECIMAL = (
    "bif",
    "clp",
    "djf",
    "gnf",
    "jpy",
    "kmf",
    "krw",
    "mga",
    "pyg",
    "rwf",
    "ugx",
    "vnd",
    "vuv",
    "xaf",
    "xof",
    "xpf",
)
THREE_DECIMAL = ("bhd", "jod", "kwd", "omr", "tnd")


def written(amount: int, currency: str) -> str:
    """``9900, "usd"`` → ``99.00 USD``: minor units and a currency in words, with the decimals that currency has."""
    places = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    return f"{Decimal(amount).scaleb(-places):,.{places}f} {currency.upper()}"
