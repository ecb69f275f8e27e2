"""Money is an integer of minor units with its currency."""

import pytest

from app.core.money import Money


@pytest.mark.parametrize(
    ("money", "locale", "expected"),
    [
        (Money(2900, "usd"), "en_US", "$29.00"),
        (Money(-1550, "usd"), "en_US", "−$15.50"),
        (Money(125_000, "jpy"), "en_US", "¥125,000"),
        (Money(29_900, "kwd"), "en_US", "KWD\xa029.900"),
        (Money(0, "eur"), "en_US", "€0.00"),
        (Money(123_456_789, "eur"), "de_DE", "1.234.567,89\xa0€"),
        (Money(1000, "ugx"), "en_US", "UGX\xa010.00"),
    ],
)
def test_an_amount_is_written_in_its_currency(money: Money, locale: str, expected: str):
    assert money.format(locale) == expected


def test_amounts_of_one_currency_add_up():
    assert Money(2900, "usd") + Money(100, "usd") - Money(50, "usd") == Money(2950, "usd")


def test_amounts_of_two_currencies_do_not():
    with pytest.raises(ValueError, match="usd and eur cannot be added"):
        Money(1, "usd") + Money(1, "eur")
