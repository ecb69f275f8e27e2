"""Calendar arithmetic in UTC, where no hour is ever skipped or repeated.

A monthly anchor on the 31st bills on the 30th of April and on the 31st of May again: every boundary is counted from the
anchor, never from the boundary before it.
"""

import calendar
from datetime import UTC, datetime, timedelta

FIXED = {"day": timedelta(days=1), "week": timedelta(weeks=1)}
MONTHS = {"month": 1, "year": 12}


def add(instant: int, interval: str, count: int) -> int:
    """``instant`` (unix seconds) plus ``count`` days, weeks, months or years; too long a month is cut to its last day."""
    start = datetime.fromtimestamp(instant, UTC)
    if interval in FIXED:
        return int((start + FIXED[interval] * count).timestamp())
    month = start.year * 12 + start.month - 1 + MONTHS[interval] * count
    year, index = divmod(month, 12)
    day = min(start.day, calendar.monthrange(year, index + 1)[1])
    return int(start.replace(year=year, month=index + 1, day=day).timestamp())


def boundary_after(anchor: int, interval: str, count: int, instant: int) -> int:
    """The first billing boundary later than ``instant``, counted from ``anchor`` in steps of ``count`` intervals."""
    step = _steps_until(anchor, interval, count, instant)
    while add(anchor, interval, step * count) > instant:
        step -= 1
    while (boundary := add(anchor, interval, step * count)) <= instant:
        step += 1
    return boundary


def boundary_before(anchor: int, interval: str, count: int, boundary: int) -> int:
    """The billing boundary one step before ``boundary``, counted from ``anchor``."""
    step = _steps_until(anchor, interval, count, boundary)
    while add(anchor, interval, step * count) < boundary:
        step += 1
    while (earlier := add(anchor, interval, step * count)) >= boundary:
        step -= 1
    return earlier


def _steps_until(anchor: int, interval: str, count: int, instant: int) -> int:
    """A guess that is at most a step or two off."""
    seconds = {"day": 86400, "week": 604800, "month": 2629746, "year": 31556952}[interval]
    return (instant - anchor) // (seconds * count)
