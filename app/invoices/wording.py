"""How the parts of an invoice are written: periods, quantities, unit prices, addresses, cards."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, format_decimal
from flask_babel import gettext as _

from app.core import i18n
from app.core.money import WIDE_YEN, exponent

BRANDS = {
    "amex": "American Express",
    "diners": "Diners Club",
    "eftpos_au": "eftpos Australia",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}
CODE_LAST = {"AU", "CA", "GB", "IE", "IN", "NZ", "US"}
"""Where the postal code follows the town; elsewhere it leads."""


def period(start: datetime, end: datetime) -> str:
    """1 Nov 2026 – 1 Dec 2026; a single day where nothing lasts."""
    first, last = i18n.day(start), i18n.day(end)
    return first if first == last else f"{first} – {last}"


def quantity(number: Decimal) -> str:
    return str(format_decimal(number, locale=i18n.locale(), decimal_quantization=False))


def unit_price(amount: Decimal, currency: str) -> str:
    """`amount` in minor units with up to 12 decimals, in major units: Decimal("0.04") of usd is $0.0004."""
    places = exponent(currency)
    pattern = Locale.parse(i18n.locale()).currency_formats["standard"].pattern.split(";")[0]
    digits = "0" + ("." if places else ".#") + "0" * places + "#" * 12
    pattern = re.sub(r"0\.0+", digits, pattern)
    major = amount.scaleb(-places)
    written = format_currency(
        major, currency.upper(), pattern, i18n.locale(), currency_digits=False, decimal_quantization=False
    )
    return str(written).replace(WIDE_YEN, "¥")


def address(parts: Mapping[str, str]) -> list[str]:
    """The lines of a postal address, its country in the language of our sentences."""
    country, state = parts.get("country", ""), parts.get("state", "")
    city, code = parts.get("city", ""), parts.get("postal_code", "")
    if country in CODE_LAST:
        town = ", ".join(filter(None, [city, " ".join(filter(None, [state, code]))]))
        region = ""
    else:
        town, region = " ".join(filter(None, [code, city])), state
    land = Locale.parse(i18n.language()).territories.get(country, country)
    return [line for line in (parts.get("line1"), parts.get("line2"), town, region, land) if line]


def card(brand: str, last4: str) -> str:
    """Visa ending in 4242; only the kind of payment for what has no number; "" when unknown."""
    name = BRANDS.get(brand, brand.replace("_", " ").capitalize())
    return _("%(brand)s ending in %(last4)s", brand=name, last4=last4) if last4 else name
