"""What the page of usage shows: the meters as they stand, and the days of one of them as a chart."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date
from flask_babel import gettext as _
from sqlalchemy import select

from app.catalog import service as catalog
from app.catalog.models import Aggregation
from app.catalog.tree import Meter, Plan
from app.catalog.words import capital
from app.core import charts, clock, i18n
from app.core.charts import Chart, Line, Series
from app.core.extensions import db
from app.organizations.models import Organization
from app.subscriptions.access import access
from app.subscriptions.states import PortalState

from . import ranges, reading, service, wording
from .models import Total
from .ranges import Days, Named
from .reading import Reading
from .standing import Day, Standing
from .wording import MeterWords

FEW = 3
"""Meters shown where there is room for the most urgent only."""


@dataclass(frozen=True)
class Board:
    """`plan` is the one whose limits count now."""

    now: datetime
    read: Reading
    standings: list[Standing]

    @property
    def plan(self) -> Plan | None:
        return self.read.plan

    @property
    def is_restricted(self) -> bool:
        """Whatever is left, programs that ask are told no: a payment is overdue."""
        return access(self.read.subscription).reason == PortalState.RESTRICTED

    @property
    def words(self) -> list[MeterWords]:
        """In the order of the catalogue."""
        return [wording.told(standing, self.now) for standing in self.standings]

    @property
    def urgent(self) -> list[MeterWords]:
        """The few that are nearest to their limits, those without one last."""
        ordered = sorted(self.standings, key=_nearness, reverse=True)
        return [wording.told(standing, self.now) for standing in ordered[:FEW]]

    @property
    def has_days(self) -> bool:
        """Something was counted in a window that is open."""
        return any(standing.counted_at for standing in self.standings)

    def chosen(self, meter_key: str | None) -> Meter:
        """The meter of this key, else the first."""
        meters = [standing.meter for standing in self.standings]
        return next((meter for meter in meters if meter.key == meter_key), meters[0])

    def days(self, name: Named, meter: Meter) -> Days:
        return ranges.named(name, self.read, meter, self.now)


def _nearness(standing: Standing) -> int:
    return (standing.percent or 0) if standing.limit else -1


@dataclass(frozen=True)
class Shown:
    """The days of one meter; `sum` is in words, "" where adding up levels would make no sense, `beside` as in ranges."""

    meter: Meter
    name: str
    chart: Chart
    sum: str
    most: str
    beside: str
    is_empty: bool


def board(organization: Organization) -> Board:
    """How the organization stands with every meter, in two statements at most."""
    now = clock.now()
    read = reading.read(organization, now, now)
    meters = [meter for meter in catalog.current().meters if meter.archived_at is None]
    return Board(now, read, [read.standing(meter, now) for meter in meters])


def is_new(organization: Organization, board: Board, days: Days) -> bool:
    """Whether nothing was ever counted. Asked only where nothing stands now and nobody looks further back."""
    if days.named is not Named.THIS or board.has_days:
        return False
    return db.session.scalar(select(Total.id).where(Total.organization_id == organization.id).limit(1)) is None


def shown(organization: Organization, board: Board, meter: Meter, days: Days, *, is_new: bool) -> Shown:
    """A meter day by day, as in the file. One statement; none where nothing was ever counted."""
    standing = next(standing for standing in board.standings if standing.meter == meter)
    nothing = [Day(day, Decimal(0)) for day in days.all]
    found = nothing if is_new else service.daily(organization, meter.key, days.first, days.last)
    most = max(found, key=lambda day: day.used)
    total = sum((day.used for day in found), Decimal(0))
    return Shown(
        meter=meter,
        name=capital(meter.name),
        chart=_chart(found, standing, days),
        sum=wording.amount(meter, total) if meter.aggregation == Aggregation.SUM else "",
        most=_("Most on %(day)s: %(used)s.", day=i18n.day(most.day), used=wording.amount(meter, most.used)),
        beside=ranges.beside(days, board.read),
        is_empty=not most.used,
    )


def table(organization: Organization, days: Days) -> tuple[list[Meter], list[date], dict[tuple[str, date], Decimal]]:
    """What every meter counted on each of the days."""
    meters = [meter for meter in catalog.current().meters if meter.archived_at is None]
    found = {meter.key: service.daily(organization, meter.key, days.first, days.last) for meter in meters}
    used = {(key, day.day): day.used for key, counted in found.items() for day in counted}
    return meters, days.all, used


def _chart(found: list[Day], standing: Standing, days: Days) -> Chart:
    meter = standing.meter
    return charts.columns(
        [(_short(day.day), i18n.day(day.day)) for day in found],
        [Series(capital(meter.name), [day.used for day in found])],
        words=lambda value: wording.amount(meter, value),
        line=_line(standing, days),
    )


def _short(day: date) -> str:
    """3 Nov, as the reader writes it."""
    return format_date(day, "d MMM", locale=i18n.locale())


def _line(standing: Standing, days: Days) -> Line | None:
    """A level has its limit; a sum the pace at which what is included lasts for the whole of this window."""
    limit, meter = standing.limit, standing.meter
    if not limit:
        return None
    if meter.aggregation != Aggregation.SUM:
        return Line(limit, _("%(limit)s included", limit=wording.amount(meter, limit)))
    if standing.resets_at is None or days.named is not Named.THIS:
        return None
    whole = max((standing.resets_at - standing.begins_at).days, 1)
    pace = (limit / whole).quantize(Decimal(1))
    return (
        Line(pace, _("Even pace for what is included: %(pace)s a day", pace=wording.amount(meter, pace)))
        if pace
        else None
    )
