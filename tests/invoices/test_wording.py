"""How the parts of an invoice are written."""

import pytest

from app.core import i18n
from app.invoices import wording


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
