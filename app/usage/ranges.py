"""Which days the page shows: a window of the meter, the last days, or those somebody chose."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _

from app.catalog.models import Window as Kind
from app.catalog.tree import Meter
from app.core import i18n
from app.core.errors import PortalError, Step

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


class DaysRefused(PortalError):
    """These are no days that a file can be of."""

    status = 422
    code = "invalid_days"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence or str(_("Choose the first day and the last.")))
        self.step = Step(str(_("Choose days")), url_for("usage.index", _anchor="usage-days"))


@dataclass(frozen=True)
class Days:
    """Both are included, in the organization's time zone. `named` None was chosen by hand; `window` is the one that was named."""

    first: date
    last: date
    named: Named | None = None
    window: Window | None = None

    @property
    def span(self) -> str:
        """1 Nov 2026 – 21 Nov 2026, or the one day."""
        first, last = i18n.day(self.first), i18n.day(self.last)
        return first if first == last else f"{first} – {last}"

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
    return Days(first, min(last, today), name, window)


def beside(days: Days, reading: Reading) -> str:
    """That the window does not begin with its first day, so that what is shown of that day is more than the window's; "" where it does."""
    window = days.window
    if window is None or window.begins_at == reading.course.created_at:
        return ""
    begin = window.begins_at.astimezone(reading.course.zone)
    if (begin.hour, begin.minute, begin.second) == (0, 0, 0):
        return ""
    began = i18n.moment(begin)
    if days.named is Named.LAST and window.ends_at is not None:
        ended = i18n.moment(window.ends_at)
        words = _("This window lasted from %(began)s to %(ended)s.", began=began, ended=ended)
        return f"{words} {_('Its first and its last day are shown whole, with what the windows beside it counted.')}"
    words = _("This window began on %(began)s.", began=began)
    return f"{words} {_('Its first day is shown whole, with what was counted before that.')}"


def _days(window: Window, zone: ZoneInfo) -> tuple[date, date]:
    assert window.ends_at is not None, "only `never` has no end"
    last = window.ends_at - A_MOMENT
    return window.begins_at.astimezone(zone).date(), last.astimezone(zone).date()
