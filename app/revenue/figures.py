"""The figures of a period, read from the book: one per currency, never added up."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Integer, cast, func, select

from app.core.extensions import db
from app.core.money import Money
from app.subscriptions.states import Status

from . import book
from .amounts import monthly, rounded
from .models import Kind, Movement
from .periods import Period

SHOWN = (Status.ACTIVE, Status.TRIALING, Status.PAST_DUE)


@dataclass(frozen=True)
class Moved:
    """How many movements of a kind, and what they came to by the year."""

    count: int = 0
    annual: int = 0


@dataclass
class Revenue:
    """Of one currency. Amounts are by the year, in minor units; customers are those who pay something."""

    currency: str
    opening: int
    closing: int
    customers_before: int
    customers: int
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
        return share(self.of(Kind.CHURN).count, self.customers_before)

    @property
    def lost(self) -> Money:
        """By churn and contraction, a month."""
        return self.monthly(-(self.of(Kind.CHURN).annual + self.of(Kind.CONTRACTION).annual))

    @property
    def revenue_churn(self) -> Decimal | None:
        """In percent of what recurred when the period began."""
        return share(-(self.of(Kind.CHURN).annual + self.of(Kind.CONTRACTION).annual), self.opening)


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
    rows = db.session.execute(_standing(period)).all()
    revenues = [_revenue(row) for row in rows]
    return Figures(
        revenues=sorted(revenues, key=lambda one: (-one.customers, one.currency)),
        counts={status: sum(getattr(row, status) for row in rows) for status in SHOWN},
        trials_ended=sum(row.trials_ended for row in rows),
        trials_converted=sum(row.trials_converted for row in rows),
    )


def _standing(period: Period) -> Any:
    before, within = Movement.at < period.begins_at, Movement.at >= period.begins_at
    change = Movement.annual_amount - Movement.annual_before
    paying = _one(Movement.annual_amount > 0) - _one(Movement.annual_before > 0)
    trial_ends = within & book.trial_ended()
    kinds: dict[str, Any] = {}
    for kind in Kind:
        is_it = within & (Movement.kind == kind)
        kinds |= {f"{kind}_count": func.count().filter(is_it), f"{kind}_annual": func.sum(change).filter(is_it)}
    columns = {
        "opening": func.sum(change).filter(before),
        "closing": func.sum(change),
        "customers_before": func.sum(paying).filter(before),
        "customers": func.sum(paying),
        "trials_ended": func.count().filter(trial_ends),
        "trials_converted": func.count().filter(within & book.trial_converted()),
        **{str(status): _count(status) for status in SHOWN},
        **kinds,
    }
    labelled = [
        cast(func.coalesce(column, 0), Movement.annual_amount.type).label(name) for name, column in columns.items()
    ]
    found = select(Movement.currency, *labelled).where(Movement.at < period.ends_at)
    return found.group_by(Movement.currency)


def _one(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(condition, Integer)


def _count(status: Status) -> ColumnElement[int]:
    return func.sum(_one(Movement.status == status) - _one(Movement.status_before == status))


def _revenue(row: Any) -> Revenue:
    moved = {kind: Moved(getattr(row, f"{kind}_count"), getattr(row, f"{kind}_annual")) for kind in Kind}
    return Revenue(row.currency, row.opening, row.closing, row.customers_before, row.customers, moved)


def course(period: Period, currency: str) -> dict[Kind, list[int]]:
    """What moved in each part of the period, by the year, per kind. One statement."""
    part = func.date_trunc(period.unit, Movement.at, "UTC")
    change = func.sum(Movement.annual_amount - Movement.annual_before)
    found = select(part.label("part"), Movement.kind, change.label("change")).where(
        Movement.at >= period.begins_at,
        Movement.at < period.ends_at,
        Movement.currency == currency,
        Movement.kind != Kind.NONE,
    )
    rows = db.session.execute(found.group_by(part, Movement.kind)).all()
    return _by_kind(rows, [_start(one.first, period.unit) for one in period.parts()])


def _by_kind(rows: Iterable[Any], starts: list[date]) -> dict[Kind, list[int]]:
    known = {(row.part.astimezone(UTC).date(), row.kind): int(row.change) for row in rows}
    return {kind: [known.get((start, kind), 0) for start in starts] for kind in Kind if kind != Kind.NONE}


def _start(day: date, unit: str) -> date:
    """Where PostgreSQL has the day, the week or the month begin that a part, perhaps cut, lies in."""
    if unit == "week":
        return date.fromordinal(day.toordinal() - day.weekday())
    return day.replace(day=1) if unit == "month" else day
