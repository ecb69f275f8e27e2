"""Into which window each event counts, and what the events of a batch add up to by window and by day."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Context
from functools import reduce
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from app.catalog.models import Aggregation
from app.catalog.models import Window as Kind
from app.catalog.tree import Meter

from . import keeping
from .checking import LATE, NewEvent
from .keeping import EARLIEST
from .reading import Reading
from .refusals import EventsRefused, Problem
from .windows import Window

EXACT = Context(prec=100)
"""Adds up without rounding."""

QUARTER = timedelta(minutes=15)
Moment = TypeVar("Moment", date, datetime)


class Placed(NamedTuple):
    event: NewEvent
    meter: Meter
    occurred_at: datetime
    window: Window


class Amount:
    """What some events of one meter come to: `used`, and which of them happened last.

    Of events at the same instant the one with the greater id is the later, whatever order they come in.
    """

    def __init__(self, placed: Sequence[Placed]) -> None:
        self.meter, self.window = placed[0].meter, placed[0].window
        self.latest_at, self.latest_id, level = max(
            (one.occurred_at, one.event.event_id, one.event.quantity) for one in placed
        )
        how = self.meter.aggregation
        if how == Aggregation.SUM:
            self.used = reduce(EXACT.add, [one.event.quantity for one in placed])
        else:
            self.used = max(one.event.quantity for one in placed) if how == Aggregation.MAX else level


def place(events: Sequence[NewEvent], meters: dict[str, Meter], reading: Reading, now: datetime) -> list[Placed]:
    """Each event with its window, in the order given. Raises EventsRefused for those whose window takes no more, or whose
    ids would be forgotten by now.
    """
    calendars = {key: _Calendar(meter, reading, now) for key, meter in meters.items()}
    placed, problems = [], []
    for index, event in enumerate(events):
        occurred_at = event.occurred_at or now
        window = calendars[event.meter].window(occurred_at)
        if window is None:
            problems.append(
                Problem(index, "occurred_at", "window_closed", _("This happened too long ago to be counted still."))
            )
        else:
            placed.append(Placed(event, meters[event.meter], occurred_at, window))
    if problems:
        raise EventsRefused(problems)
    return placed


class _Calendar:
    """The windows of one meter: the open one, and those that are over but still take what happened in them."""

    def __init__(self, meter: Meter, reading: Reading, now: datetime) -> None:
        self._meter, self._reading, self._oldest = meter, reading, now - LATE
        # What only replaces or raises a level changes nothing when it comes again.
        self._forgotten = now - keeping.kept() if meter.aggregation == Aggregation.SUM else EARLIEST
        self._open = reading.window(meter, now)
        self._windows = [self._open]
        self._begun = [known.window for known in reading.sums if known.meter_key == meter.key]

    def window(self, instant: datetime) -> Window | None:
        """None for what happened too long ago in a window that is over."""
        if instant < self._forgotten:
            return None
        for window in self._windows:
            if window.holds(instant):
                return window
        if self._meter.window is Kind.NEVER:
            return self._open
        if instant < self._oldest:
            return None
        self._windows.append(found := self._other(instant))
        return found

    def _other(self, instant: datetime) -> Window:
        """Not the open window: one that was begun, or else what is left between those."""
        found = self._reading.window(self._meter, instant)
        if instant >= self._open.begins_at:
            return found
        if begun := max((known for known in self._begun if known.holds(instant)), default=None):
            # It may have been meant to last longer, as a trial that was ended early.
            return Window(begun.begins_at, min(begun.ends_at or self._open.begins_at, self._open.begins_at))
        before = [known.ends_at for known in self._begun if known.ends_at is not None and known.ends_at <= instant]
        after = [known.begins_at for known in [self._open, *self._begun] if known.begins_at > instant]
        ends = [end for end in [found.ends_at, *after] if end is not None]
        return Window(max([found.begins_at, *before]), min(ends))


def by_window(placed: Sequence[Placed]) -> dict[tuple[str, datetime], Amount]:
    """What the events add up to by meter and beginning of the window."""
    first = placed[0].window
    if all(one.window is first for one in placed):  # as most batches are
        return {(placed[0].event.meter, first.begins_at): Amount(placed)}
    return _summed(placed, lambda one: (one.event.meter, one.window.begins_at))


def by_day(
    placed: Sequence[Placed], windows: dict[tuple[str, datetime], Amount], zone: ZoneInfo
) -> dict[tuple[str, date], Amount]:
    """The same by meter and day of the time zone; `windows` is what they come to by window."""
    days = Days(zone)
    first, last = (days.of(end(one.occurred_at for one in placed)) for end in (min, max))
    if len(windows) == 1 and first == last:
        return {(meter, first): amount for (meter, _), amount in windows.items()}
    return _summed(placed, lambda one: (one.event.meter, days.of(one.occurred_at)))


def _summed(
    placed: Iterable[Placed], key_of: Callable[[Placed], tuple[str, Moment]]
) -> dict[tuple[str, Moment], Amount]:
    """In one order for all who count, so that two who count the same never wait for each other."""
    found: defaultdict[tuple[str, Moment], list[Placed]] = defaultdict(list)
    for one in placed:
        found[key_of(one)].append(one)
    return {key: Amount(found[key]) for key in sorted(found)}


class Days:
    """The days of a time zone; the one asked for last is remembered, because events come close together."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._day, self._begins, self._ends = date.min, EARLIEST, EARLIEST

    def of(self, instant: datetime) -> date:
        if not self._begins <= instant < self._ends:
            self._day = instant.astimezone(self._zone).date()
            # Every zone is some quarters of an hour away from UTC, so no day ends within one.
            self._begins = instant.replace(minute=instant.minute // 15 * 15, second=0, microsecond=0)
            self._ends = self._begins + QUARTER
        return self._day
