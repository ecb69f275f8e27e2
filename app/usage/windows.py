"""In which stretch of time a meter counts before it starts afresh: half-open, in UTC.

`billing_period` follows what is paid for, by the month inside longer periods; without a subscription it is monthly from
the day the organization was made. `calendar_month` is the organization's own. `never` has one window without an end.
Every boundary is counted from an anchor, never from the boundary before it: 31 January, 28 February, 31 March.
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.catalog.models import Window as Kind

LONGEST = timedelta(days=32)
"""More than any window that ends: a month of the calendar has an hour more where clocks go back."""


class Window(NamedTuple):
    """[begins_at, ends_at); `ends_at` None never ends."""

    begins_at: datetime
    ends_at: datetime | None

    def holds(self, instant: datetime) -> bool:
        return self.begins_at <= instant and (self.ends_at is None or instant < self.ends_at)


@dataclass(frozen=True)
class Course:
    """What decides about windows. `created_at` and `zone` are the organization's; the rest is of its latest subscription.

    `begins_at` to `ends_at` is the period that Stripe named last, and `is_trial` says that it is one; `free_until` is when
    its trial ends or ended, `over_at` when the subscription ended, `plan_since` when its plan changed last. All None for an
    organization that never had one.
    """

    created_at: datetime
    zone: ZoneInfo
    since: datetime | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    is_trial: bool = False
    over_at: datetime | None = None
    free_until: datetime | None = None
    plan_since: datetime | None = None


def at(kind: Kind, course: Course, instant: datetime) -> Window:
    """The window around `instant`."""
    if kind is Kind.NEVER:
        return Window(course.created_at, None)
    if kind is Kind.CALENDAR_MONTH:
        return _calendar_month(course.zone, instant)
    return _billing_period(course, instant)


def add_months(instant: datetime, months: int) -> datetime:
    """`months` later (or earlier) at the same time of day; too long a month is cut to its last day."""
    year, index = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    day = min(instant.day, calendar.monthrange(year, index + 1)[1])
    return instant.replace(year=year, month=index + 1, day=day)


def monthly(anchor: datetime, instant: datetime) -> Window:
    """The month around `instant`, counted from `anchor`."""
    step = (instant.year - anchor.year) * 12 + instant.month - anchor.month
    if add_months(anchor, step) > instant:
        step -= 1
    return Window(add_months(anchor, step), add_months(anchor, step + 1))


def _calendar_month(zone: ZoneInfo, instant: datetime) -> Window:
    local = instant.astimezone(zone)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
    window = _between(first, zone)
    # Where clocks go back over midnight the first of the month strikes twice; it has begun with the first time.
    return window if window.holds(instant) else _between(add_months(first, 1), zone)


def _between(first: datetime, zone: ZoneInfo) -> Window:
    begins, ends = (moment.replace(tzinfo=zone).astimezone(UTC) for moment in (first, add_months(first, 1)))
    return Window(begins, ends)


def _billing_period(course: Course, instant: datetime) -> Window:
    since, over = course.since, course.over_at
    if since is None or instant < since:
        return _cut(monthly(course.created_at, instant), None, since)
    if over is not None and instant >= over:
        return _cut(monthly(course.created_at, instant), over, None)
    return _cut(_paid_month(course, instant), since, over)


def _paid_month(course: Course, instant: datetime) -> Window:
    begins, ends = course.begins_at, course.ends_at
    assert begins is not None, "a subscription has a period"
    assert ends is not None, "a subscription has a period"
    is_past = instant >= ends
    if course.is_trial:
        window = monthly(ends if is_past else begins, instant)
    else:
        # A period from 28 February to 31 March is counted from its end, the one before it from its start.
        window = monthly(begins if begins.day >= ends.day else ends, instant)
    return _cut(window, ends, None) if is_past else _cut(window, None, ends)


def _cut(window: Window, begin: datetime | None, end: datetime | None) -> Window:
    begins_at = window.begins_at if begin is None else max(window.begins_at, begin)
    assert window.ends_at is not None, "only `never` has no end"
    return Window(begins_at, window.ends_at if end is None else min(window.ends_at, end))
