"""Words, amounts and dates as the reader writes them: the organization's locale and time zone, else English and UTC."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_datetime, get_timezone
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
)
from flask import Flask
from flask_babel import Babel

from .money import WIDE_YEN, Money, exponent, spaced

_chosen: ContextVar[tuple[str, str]] = ContextVar("locale and time zone", default=("en_US", "UTC"))

_languages: set[str] = {"en"}
"""Those our sentences are translated into."""


def use(locale: str, timezone: str) -> None:
    """Set locale (`en_US`) and time zone (`Europe/Berlin`) for this request, once the organization is known."""
    _chosen.set((locale, timezone))


@contextmanager
def using(locale: str, timezone: str) -> Iterator[None]:
    """The same for a block: a mail or a document for an organization."""
    token = _chosen.set((locale, timezone))
    try:
        yield
    finally:
        _chosen.reset(token)


def locale() -> str:
    return _chosen.get()[0]


def timezone() -> str:
    return _chosen.get()[1]


def _forget() -> None:
    _chosen.set(("en_US", "UTC"))  # a server thread keeps its context from one request to the next


def language() -> str:
    """The language of our sentences: the reader's where they are translated, else English, whatever the formats are."""
    wanted = locale().split("_")[0]
    return wanted if wanted in _languages else "en"


def money(amount: Money) -> str:
    return amount.format(locale())


def day(instant: datetime | date) -> str:
    """1 Dec 2026, in the reader's zone."""
    if isinstance(instant, datetime):
        instant = instant.astimezone(get_timezone(timezone())).date()
    pattern = "d MMM y" if locale().startswith("en") else "medium"
    return str(format_date(instant, pattern, locale=locale()))


def moment(instant: datetime) -> str:
    """1 Dec 2026, 14:05 UTC: with the zone named, for deadlines."""
    local = instant.astimezone(get_timezone(timezone()))
    clock_face = format_datetime(local, "HH:mm", tzinfo=local.tzinfo, locale=locale())
    return f"{day(instant)}, {clock_face} {_zone(local)}"


def _zone(local: datetime) -> str:
    """CET, NZDT: as the locale calls it or else as people there do; GMT+04:00 where it has no short name."""
    known = format_datetime(local, "z", tzinfo=local.tzinfo, locale=locale()), local.tzname() or ""
    offset = format_datetime(local, "ZZZZ", tzinfo=local.tzinfo, locale=locale())
    return next((name for name in known if name.isalpha()), str(offset))


def period(start: datetime, end: datetime) -> str:
    """A service period, half-open: 1 Nov 2026 – 1 Dec 2026; a single day where nothing lasts."""
    first, last = day(start), day(end)
    return first if first == last else f"{first} – {last}"


def quantity(number: Decimal) -> str:
    return str(format_decimal(number, locale=locale(), decimal_quantization=False))


def compact(number: Decimal) -> str:
    """For the scale of a chart: 1.2K, 2M; in full where the locale does not shorten thousands."""
    written = str(format_compact_decimal(number, locale=locale(), fraction_digits=1))
    if abs(number) < 1 or written.lstrip("-").isdigit():
        written = quantity(number)
    return written.replace("-", "\N{MINUS SIGN}")


def compact_money(amount: Money) -> str:
    """The same for money: $1.2K."""
    written = str(format_compact_currency(amount.decimal, amount.currency.upper(), locale=locale(), fraction_digits=1))
    return spaced(written.replace(WIDE_YEN, "¥"))


def percent(number: Decimal) -> str:
    """`number` of a hundred: 19 % as the locale writes it, with all its decimals."""
    return str(format_percent(number.scaleb(-2), locale=locale(), decimal_quantization=False))


def unit_price(amount: Decimal, currency: str) -> str:
    """`amount` in minor units with up to 12 decimals, in major units: Decimal("0.04") of usd is $0.0004."""
    places = exponent(currency)
    pattern = Locale.parse(locale()).currency_formats["standard"].pattern.split(";")[0]
    digits = "0" + ("." if places else ".#") + "0" * places + "#" * 12
    pattern = re.sub(r"0\.0+", digits, pattern)
    major = amount.scaleb(-places)
    written = format_currency(
        major, currency.upper(), pattern, locale(), currency_digits=False, decimal_quantization=False
    )
    return spaced(str(written).replace(WIDE_YEN, "¥"))


def example(locale: str) -> str:
    """A locale by name, with an amount and a date as it writes them: German (Germany): 1.234,50 €, 31.12.2026."""
    with using(locale, "UTC"):
        written = f"{money(Money(123450, 'eur'))}, {day(date(2026, 12, 31))}"
    return f"{Locale.parse(locale).get_display_name(language())}: {written}"


def init_app(app: Flask, babel: Babel) -> None:
    babel.init_app(app, locale_selector=language, timezone_selector=timezone)
    with app.app_context():
        _languages.update(translation.language for translation in babel.list_translations())
    app.before_request(_forget)
    app.jinja_env.filters.update(money=money, date=day, datetime=moment)
    app.jinja_env.filters.update(period=period, quantity=quantity, unit_price=unit_price)
    app.jinja_env.globals.update(language=language)
