"""How the parts of an invoice are written."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.core import i18n
from app.invoices import wording


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        ("9900", "usd", "en_US", "$99.00"),
        ("0.04", "usd", "en_US", "$0.0004"),
        ("-1820", "usd", "en_US", "-$18.20"),
        ("500", "jpy", "en_US", "¥500"),
        ("0.5", "jpy", "en_US", "¥0.5"),
        ("1234", "kwd", "de_DE", "1,234 KWD"),
        ("2.5", "eur", "de_DE", "0,025 €"),
    ],
)
def test_a_unit_price_keeps_all_its_decimals(amount: str, currency: str, locale: str, text: str) -> None:
    with i18n.using(locale, "UTC"):
        assert wording.unit_price(Decimal(amount), currency).replace("\xa0", " ") == text


def test_a_quantity_has_no_empty_decimals() -> None:
    assert wording.quantity(Decimal("31100")) == "31,100"
    assert wording.quantity(Decimal("1.5")) == "1.5"


def test_a_period_of_a_single_day_is_that_day() -> None:
    day = datetime(2026, 11, 1, 9, tzinfo=UTC)
    assert wording.period(day, day) == "1 Nov 2026"
    assert wording.period(day, day.replace(month=12)) == "1 Nov 2026 – 1 Dec 2026"


@pytest.mark.parametrize(
    ("country", "state", "town"),
    [("US", "CA", "San José, CA 94104"), ("DE", "", "94104 San José"), ("GB", "", "San José, 94104")],
)
def test_the_postal_code_stands_where_its_country_wants_it(country: str, state: str, town: str) -> None:
    parts = {"line1": "Main St 1", "city": "San José", "state": state, "postal_code": "94104", "country": country}
    assert wording.address(parts)[:2] == ["Main St 1", town]


def test_an_address_may_be_only_a_country() -> None:
    with i18n.using("de_DE", "UTC"):
        assert wording.address({"country": "GB"}) == ["United Kingdom"]
    assert wording.address({}) == []


@pytest.mark.usefixtures("app")
def test_a_card_is_named_by_brand_and_last_four() -> None:
    assert wording.card("visa", "4242") == "Visa ending in 4242"
    assert wording.card("amex", "0005") == "American Express ending in 0005"
    assert wording.card("sepa_debit", "") == "Sepa debit"
