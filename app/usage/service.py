"""Count what was used, each event once, and say how an organization stands with its limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from app.catalog import service as catalog
from app.catalog.models import Aggregation
from app.core import clock
from app.core.errors import NotFound
from app.core.extensions import db
from app.organizations.models import Organization

from . import budget_notices, checking, ledger, notices, overage, placing, reading, windows
from .checking import NewEvent as NewEvent
from .models import UsageDay
from .placing import Placed
from .reading import Reading
from .refusals import EventsConflict, NoEvents, TooManyEvents
from .standing import Day, Standing

MOST_EVENTS = 1000
"""How many events one call takes."""


@dataclass(frozen=True)
class Counted:
    """How many events are new, and how many were counted before."""

    new: int
    repeated: int


def count(organization: Organization, events: Sequence[NewEvent]) -> Counted:
    """Count 1 to 1,000 events, all or none, each id once; the same event again changes nothing.

    An event counts into the window it happened in, also when that is over: up to 35 days after it happened. Raises
    NoEvents, TooManyEvents, EventsRefused, and EventsConflict where an id stands for another event.
    """
    if not events:
        raise NoEvents()
    if len(events) > MOST_EVENTS:
        raise TooManyEvents(MOST_EVENTS)
    now = clock.now()
    earliest = min((event.occurred_at for event in events if event.occurred_at), default=now)
    since = max(min(earliest, now), now - checking.LATE)
    # What cannot be said in PostgreSQL is no key of a meter.
    named = sorted({event.meter for event in events if event.meter.isprintable()})
    # What is late may lie between windows, so one is read before it.
    first = since - windows.LONGEST if since < now else since
    read = reading.read(organization, first, now + checking.AHEAD, named)
    meters = checking.meters_of(catalog.current(), named)
    checking.check(events, meters, now)
    placed = placing.place(events, meters, read, now)
    single = {one.event.event_id: one for one in reversed(placed)}
    added = ledger.add_events(organization.id, single)
    if len(added) < len(events):
        _compare(organization, events, single)
    if added:
        _add_up(organization, [one for event_id, one in single.items() if event_id in added], read, now)
    return Counted(new=len(added), repeated=len(events) - len(added))


def _compare(organization: Organization, events: Sequence[NewEvent], single: Mapping[str, Placed]) -> None:
    """An id that came before, or twice, must have come with the same event. Raises EventsConflict."""
    reused = ledger.reused(organization.id, single)
    ids = [event.event_id in reused or event != single[event.event_id].event for event in events]
    if any(ids):
        raise EventsConflict([index for index, is_reused in enumerate(ids) if is_reused])


def _add_up(organization: Organization, placed: Sequence[Placed], read: Reading, now: datetime) -> None:
    by_window = placing.by_window(placed)
    included = {key: read.included(amount.meter, amount.window, now) for key, amount in by_window.items()}
    days = placing.by_day(placed, by_window, read.course.zone)
    for meter_key, begins_at in by_window:
        if any(known.is_cut_by(meter_key, begins_at) for known in read.sums):
            ledger.cut(organization.id, meter_key, begins_at)
    totals = ledger.add_up(organization.id, by_window, days, included, now)
    overage.ask_for(totals, now)
    notices.look(organization, read, totals, now)
    budget_notices.look(organization, read, totals, now)


def standings(organization: Organization) -> list[Standing]:
    """How it stands with every meter, in the order of the catalogue; at most two statements."""
    return _standings(organization, None)


def standing(organization: Organization, meter_key: str) -> Standing:
    """The same for one meter. Raises NotFound for one that does not count."""
    found = _standings(organization, meter_key)
    if not found:
        raise NotFound()
    return found[0]


def _standings(organization: Organization, meter_key: str | None) -> list[Standing]:
    now = clock.now()
    meters = [meter for meter in catalog.current().meters if meter.archived_at is None]
    wanted = [meter for meter in meters if meter_key in (None, meter.key)]
    if not wanted:
        return []
    read = reading.read(organization, now, now, None if meter_key is None else [meter_key])
    return [read.standing(meter, now) for meter in wanted]


def daily(organization: Organization, meter_key: str, first: date, last: date) -> list[Day]:
    """What a meter counted on each day from `first` to `last`, which are days of the organization's time zone.

    Every day is there: one without events counted nothing, and leaves a level as it was. One statement.
    """
    mine = (UsageDay.organization_id == organization.id) & (UsageDay.meter_key == meter_key)
    before = select(func.max(UsageDay.day)).where(mine, UsageDay.day < first).scalar_subquery()
    wanted = UsageDay.day.between(first, last) | (UsageDay.day == before)
    rows = db.session.execute(select(UsageDay.day, UsageDay.used).where(mine, wanted)).all()
    known = {row.day: row.used for row in rows}
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    meter = catalog.current().meter(meter_key)
    if meter is None or meter.aggregation != Aggregation.LAST:
        return [Day(day, known.get(day, Decimal(0))) for day in days]
    today = clock.now().astimezone(ZoneInfo(organization.timezone)).date()
    level = next((used for day, used in known.items() if day < first), Decimal(0))
    levels = list(accumulate(days, lambda last_known, day: known.get(day, last_known), initial=level))[1:]
    return [Day(day, used if day <= today else Decimal(0)) for day, used in zip(days, levels, strict=True)]
