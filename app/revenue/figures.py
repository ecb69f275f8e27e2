"""The figures of a period, read from the book: one per currency, never added up."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, and_, cast, func, select

from app.core.extensions import db
from app.core.money import Money
from app.subscriptions.states import Status

from . import book
from .amounts import monthly, rounded
from .models import Kind, Movement
from .periods import Period

_CHANGE = Movement.annual_amount - Movement.annual_before
SHOWN = (Status.ACTIVE, Status.TRIALING, Status.PAST_DUE)


@dataclass(frozen=True)
class Moved:
    """How many movements of a kind, and what they came to by the year."""

    count: int = 0
    annual: int = 0


@dataclass
class Revenue:
    """Of one currency. Amounts are by the year, in minor units; customers are those who pay something.

    `gone` and `shrunk` are movements of those who paid when the period began: by churn, by contraction.
    """

    currency: str
    opening: int
    closing: int
    customers_before: int
    customers: int
    gone: Moved
    shrunk: Moved
    moved: dict[Kind, Moved] = field(default_factory=dict)

    def of(self, kind: str) -> Moved:
        return self.moved.get(Kind(kind), Moved())

    def monthly(self, annual: int) -> Money:
        return monthly(annual, self.currency)

    @property
    def mrr(self) -> Money:
        return self.monthly(self.closing)

    @property
    def mrr_before(self) -> Money:
        return self.monthly(self.opening)

    @property
    def arr(self) -> Money:
        return Money(self.closing, self.currency)

    @property
    def arpu(self) -> Money | None:
        return Money(rounded(Decimal(self.closing) / 12 / self.customers), self.currency) if self.customers else None

    @property
    def customer_churn(self) -> Decimal | None:
        """In percent of the customers there were when the period began."""
        return share(self.gone.count, self.customers_before)

    @property
    def lost(self) -> Money:
        """By churn and contraction of those who paid when the period began, a month."""
        return self.monthly(self._lost)

    @property
    def revenue_churn(self) -> Decimal | None:
        """In percent of what recurred when the period began."""
        return share(self._lost, self.opening)

    @property
    def _lost(self) -> int:
        return -(self.gone.annual + self.shrunk.annual)


@dataclass(frozen=True)
class Figures:
    """`counts` are the subscriptions of each status at the end of the period, whatever their currency."""

    revenues: list[Revenue]
    counts: dict[str, int]
    trials_ended: int
    trials_converted: int

    @property
    def conversion(self) -> Decimal | None:
        return share(self.trials_converted, self.trials_ended)


def share(part: int, whole: int) -> Decimal | None:
    """In percent to one place; None of nothing."""
    return (Decimal(part) * 100 / whole).quantize(Decimal("0.1")) if whole > 0 else None


def of(period: Period) -> Figures:
    """One statement, over every line of the book up to the end of the period."""
    groups = db.session.execute(_groups(period)).all()
    ended = [group for group in groups if group.within and group.status_before == Status.TRIALING]
    return Figures(
        revenues=sorted(_revenues(groups), key=lambda one: (-one.customers, one.currency)),
        counts={status: _standing(groups, status) for status in SHOWN},
        trials_ended=sum(group.number for group in ended),
        trials_converted=sum(group.number for group in ended if group.is_converted),
    )


def _groups(period: Period) -> "Select[*tuple[Any, ...]]":
    """Lines that mean the same, within the period or before it: few, however many lines there are."""
    paying = cast(Movement.annual_amount > 0, Integer) - cast(Movement.annual_before > 0, Integer)
    alike = (Movement.currency, Movement.kind, Movement.status, Movement.status_before)
    sums = (func.count().label("number"), _summed(_CHANGE).label("annual"), _summed(paying).label("paying"))
    within = Movement.at >= period.begins_at
    fates = (
        within.label("within"),
        book.lost(period.begins_at).label("is_lost"),
        and_(within, book.trial_converted()).label("is_converted"),
    )
    return (
        select(*alike, *fates, *sums)
        .where(Movement.at < period.ends_at)
        .group_by(*alike, "within", "is_lost", "is_converted")
    )


def _summed(column: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.sum(column), BigInteger)


def _standing(groups: Sequence[Any], status: Status) -> int:
    return sum(group.number * ((group.status == status) - (group.status_before == status)) for group in groups)


def _revenues(groups: Sequence[Any]) -> Iterator[Revenue]:
    for currency in {group.currency for group in groups}:
        mine = [group for group in groups if group.currency == currency]
        before, within = ([group for group in mine if group.within is wanted] for wanted in (False, True))
        yield Revenue(
            currency=currency,
            opening=sum(group.annual for group in before),
            closing=sum(group.annual for group in mine),
            customers_before=sum(group.paying for group in before),
            customers=sum(group.paying for group in mine),
            gone=_moved(_lost(within, Kind.CHURN)),
            shrunk=_moved(_lost(within, Kind.CONTRACTION)),
            moved={kind: _moved([group for group in within if group.kind == kind]) for kind in Kind},
        )


def _lost(groups: Sequence[Any], kind: Kind) -> list[Any]:
    return [group for group in groups if group.is_lost and group.kind == kind]


def _moved(groups: Sequence[Any]) -> Moved:
    return Moved(sum(group.number for group in groups), sum(group.annual for group in groups))


def course(period: Period, currency: str) -> dict[Kind, list[int]]:
    """What moved in each part of the period, by the year, per kind. One statement."""
    part = func.date_trunc(period.unit, Movement.at, "UTC")
    found = select(part.label("part"), Movement.kind, _summed(_CHANGE).label("change")).where(
        Movement.at >= period.begins_at,
        Movement.at < period.ends_at,
        Movement.currency == currency,
        Movement.kind != Kind.NONE,
    )
    rows = db.session.execute(found.group_by(part, Movement.kind)).all()
    return _by_kind(rows, [_start(one.first, period.unit) for one in period.parts()])


def _by_kind(rows: Iterable[Any], starts: list[date]) -> dict[Kind, list[int]]:
    known = {(row.part.astimezone(UTC).date(), row.kind): row.change for row in rows}
    return {kind: [known.get((start, kind), 0) for start in starts] for kind in Kind if kind != Kind.NONE}


def _start(day: date, unit: str) -> date:
    """Where PostgreSQL has the day, the week or the month begin that a part, perhaps cut, lies in."""
    if unit == "week":
        return date.fromordinal(day.toordinal() - day.weekday())
    return day.replace(day=1) if unit == "month" else day
