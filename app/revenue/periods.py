"""A period of whole days, UTC, and how it is cut into columns."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.core import clock

MOST_DAYS, MOST_WEEKS = 31, 182
"""Up to so many days there is a column for each day, or else for each week."""
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
"""Nothing is older; and no calendar ends between them."""


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def today() -> date:
    return clock.now().date()


@dataclass(frozen=True)
class Period:
    """Both days are included."""

    first: date
    last: date

    @property
    def begins_at(self) -> datetime:
        return midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        """The instant after it."""
        return midnight(self.last + timedelta(days=1))

    @property
    def is_until_today(self) -> bool:
        return self.last == today()

    @property
    def unit(self) -> str:
        """day, week or month: what a column stands for, in PostgreSQL's words as well."""
        days = (self.last - self.first).days + 1
        return "day" if days <= MOST_DAYS else "week" if days <= MOST_WEEKS else "month"

    def parts(self) -> list["Period"]:
        """The days, weeks from Monday on, or months that it touches, the outer ones cut."""
        found, first = [], self.first
        while first <= self.last:
            following = _following(first, self.unit)
            found.append(Period(first, min(following - timedelta(days=1), self.last)))
            first = following
        return found


def _following(day: date, unit: str) -> date:
    if unit == "day":
        return day + timedelta(days=1)
    if unit == "week":
        return day + timedelta(days=7 - day.weekday())
    return month(day, 1)


def month(day: date, further: int) -> date:
    """The first of the month, so many months `further`; below 0 before."""
    number = day.year * 12 + day.month - 1 + further
    return date(number // 12, number % 12 + 1, 1)


def presets(day: date) -> dict[str, Period]:
    """The periods one asks for by name on that day."""
    this = month(day, 0)
    return {
        "30-days": Period(day - timedelta(days=29), day),
        "this-month": Period(this, day),
        "last-month": Period(month(day, -1), this - timedelta(days=1)),
        "this-year": Period(date(day.year, 1, 1), day),
        "12-months": Period(month(day, -11), day),
    }
