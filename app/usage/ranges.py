"""Which days the page shows: a window of the meter, the last days, or those somebody chose."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.catalog.models import Window as Kind
from app.catalog.tree import Meter

from .reading import Reading
from .windows import Window

MOST_DAYS = 366
"""A year; more is asked for in pieces."""
RECENT = timedelta(days=30)
A_MOMENT = timedelta(microseconds=1)


class Named(StrEnum):
    """What the links are called in the address."""

    THIS = "this"
    LAST = "last"
    RECENT = "30-days"


@dataclass(frozen=True)
class Days:
    """Both are included, in the organization's time zone. `named` None was chosen by hand."""

    first: date
    last: date
    named: Named | None = None

    @property
    def all(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def named(name: Named, reading: Reading, meter: Meter, now: datetime) -> Days:
    """The days of `name` up to today; of a meter that never starts again the last thirty."""
    zone = reading.course.zone
    today = now.astimezone(zone).date()
    if name is Named.RECENT or meter.window is Kind.NEVER:
        return Days(today - RECENT + timedelta(days=1), today, Named.RECENT)
    window = reading.window(meter, now)
    if name is Named.LAST:
        window = reading.window(meter, window.begins_at - A_MOMENT)
    first, last = _days(window, zone)
    return Days(first, min(last, today), name)


def _days(window: Window, zone: ZoneInfo) -> tuple[date, date]:
    assert window.ends_at is not None, "only `never` has no end"
    last = window.ends_at - A_MOMENT
    return window.begins_at.astimezone(zone).date(), last.astimezone(zone).date()
