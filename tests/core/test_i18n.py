"""Amounts and dates are written as the organization writes them; sentences in the language they exist in."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.core import i18n, regions
from app.core.money import Money

LATE = datetime(2026, 8, 1, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("locale", "dollars", "yen", "dinar", "day"),
    [
        ("en_US", "$1,234.50", "¥125,000", "KWD\xa01.250", "2 Aug 2026"),
        ("en_GB", "US$1,234.50", "JP¥125,000", "KWD\xa01.250", "2 Aug 2026"),
        ("de_DE", "1.234,50\xa0$", "125.000\xa0¥", "1,250\xa0KWD", "02.08.2026"),
        ("fr_FR", "1\u202f234,50\xa0$US", "125\u202f000\xa0JPY", "1,250\xa0KWD", "2 août 2026"),
        ("es_ES", "1.234,50\xa0US$", "125.000\xa0JPY", "1,250\xa0KWD", "2 ago 2026"),
        ("ja_JP", "$1,234.50", "¥125,000", "KWD\xa01.250", "2026/08/02"),
    ],
)
def test_a_locale_writes_amounts_and_days(locale: str, dollars: str, yen: str, dinar: str, day: str):
    with i18n.using(locale, "Asia/Tokyo"):
        written = [i18n.money(Money(*amount)) for amount in [(123450, "usd"), (125000, "jpy"), (1250, "kwd")]]
        assert [*written, i18n.day(LATE)] == [dollars, yen, dinar, day]


@pytest.mark.parametrize(
    ("locale", "zone", "moment"),
    [
        ("en_US", "UTC", "1 Aug 2026, 20:30 UTC"),
        ("en_US", "Pacific/Auckland", "2 Aug 2026, 08:30 NZST"),
        ("en_GB", "America/New_York", "1 Aug 2026, 16:30 EDT"),
        ("en_US", "Asia/Dubai", "2 Aug 2026, 00:30 GMT+04:00"),
        ("de_DE", "Europe/Berlin", "01.08.2026, 22:30 MESZ"),
    ],
)
def test_a_deadline_names_its_zone(locale: str, zone: str, moment: str):
    with i18n.using(locale, zone):
        assert i18n.moment(LATE) == moment


def test_sentences_stay_in_the_language_they_are_written_in():
    with i18n.using("de_DE", "UTC"):
        assert i18n.language() == "en"


@pytest.mark.parametrize("locale", regions.LOCALES)
def test_every_locale_shows_what_it_does(locale: str):
    assert str(date(2026, 12, 31).day) in i18n.example(locale)


def test_places_are_found_in_their_region():
    assert ("Europe/Berlin", "Berlin") in regions.timezones()["Europe"]
    assert ("America/Argentina/Buenos_Aires", "Argentina, Buenos Aires") in regions.timezones()["America"]
    assert regions.is_timezone("UTC")
    assert not regions.is_timezone("Europe/Atlantis")


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        ("9900", "usd", "en_US", "$99.00"),
        ("0.04", "usd", "en_US", "$0.0004"),
        ("-1820", "usd", "en_US", "−$18.20"),
        ("500", "jpy", "en_US", "¥500"),
        ("0.5", "jpy", "en_US", "¥0.5"),
        ("1234", "kwd", "de_DE", "1,234 KWD"),
        ("2.5", "eur", "de_DE", "0,025 €"),
    ],
)
def test_a_unit_price_keeps_all_its_decimals(amount: str, currency: str, locale: str, text: str) -> None:
    with i18n.using(locale, "UTC"):
        assert i18n.unit_price(Decimal(amount), currency).replace("\xa0", " ") == text


def test_a_quantity_has_no_empty_decimals() -> None:
    assert i18n.quantity(Decimal("31100")) == "31,100"
    assert i18n.quantity(Decimal("1.5")) == "1.5"


def test_a_period_of_a_single_day_is_that_day() -> None:
    day = datetime(2026, 11, 1, 9, tzinfo=UTC)
    assert i18n.period(day, day) == "1 Nov 2026"
    assert i18n.period(day, day.replace(month=12)) == "1 Nov 2026 – 1 Dec 2026"
