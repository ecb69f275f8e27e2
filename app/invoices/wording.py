"""How the parts of an invoice are written: addresses, cards."""

from collections.abc import Mapping

from babel import Locale
from flask_babel import gettext as _

from app.core import i18n

BRANDS = {
    "amex": "American Express",
    "diners": "Diners Club",
    "eftpos_au": "eftpos Australia",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}
CODE_LAST = {"AU", "CA", "GB", "IE", "IN", "NZ", "US"}
"""Where the postal code follows the town; elsewhere it leads."""


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
