"""What decides how much an organization may use, and what it used: one statement, however much was counted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    bindparam,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from app.catalog import service as catalog
from app.catalog.models import Aggregation, Behaviour
from app.catalog.models import Window as Kind
from app.catalog.tree import Catalog, Limit, Meter, Plan, Price
from app.core.extensions import db
from app.organizations.models import Organization
from app.subscriptions.access import plan_in_force
from app.subscriptions.models import Subscription
from app.subscriptions.states import LIVE, Status

from . import windows
from .models import MeterBudget, Total
from .standing import Budget, Standing
from .windows import Course, Window


class Sum(NamedTuple):
    """What a meter counted in a window, at `counted_at` for the last time."""

    meter_key: str
    begins_at: datetime
    ends_at: datetime | None
    used: Decimal
    counted_at: datetime

    @property
    def window(self) -> Window:
        return Window(self.begins_at, self.ends_at)

    def is_cut_by(self, meter_key: str, begins_at: datetime) -> bool:
        """Another window begins before this one was meant to end."""
        return meter_key == self.meter_key and self.begins_at < begins_at and self.window.holds(begins_at)


COLUMNS = [getattr(Total, name) for name in Sum._fields]


@dataclass(frozen=True)
class Reading:
    """`subscription` is the latest that began, live or over; its price is not loaded, `price` is the catalogue's.

    `budgets` are by the key of the meter. `plan` is the one in force: Free's without a live subscription and in a pause, None where the catalogue has none.
    """

    subscription: Subscription | None
    price: Price | None
    plan: Plan | None
    course: Course
    sums: tuple[Sum, ...]
    budgets: Mapping[str, Budget]

    def limit(self, meter: Meter) -> Limit:
        """What the plan includes of a meter now; nothing of one that it does not name."""
        known = self.plan.limit(meter.key) if self.plan else None
        known = known or Limit(meter, 0, Behaviour.HARD, ())
        return known.in_trial if self.course.is_trial else known

    def limit_in(self, meter: Meter, window: Window) -> Limit:
        """What was included in a window: of one before the end of the subscription that is over, by its plan."""
        over_at = self.course.over_at
        if self.subscription is None or over_at is None or window.ends_at is None or window.ends_at > over_at:
            return self.limit(meter)
        known, price_id = catalog.current(), self.subscription.price_id
        plan = next((known.plan(price.plan_key) for price in known.all_prices if price.id == price_id), None)
        return (plan.limit(meter.key) if plan else None) or self.limit(meter)

    def included(self, meter: Meter, window: Window, now: datetime) -> Decimal | None:
        """How much of a window is included where more is sold: by the unit, and not of a trial. None where nothing is.

        Nor is it of a window that is over and began by another plan: how much that included is not known any more.
        """
        limit, course = self.limit_in(meter, window), self.course
        is_over = window.ends_at is not None and window.ends_at <= now
        starts = (course.since, course.free_until, course.plan_since if is_over else None)
        is_paid = course.since is not None and all(window.begins_at >= start for start in starts if start)
        is_sold = limit.behaviour is Behaviour.BILLABLE and meter.aggregation == Aggregation.SUM
        return Decimal(limit.amount) if is_paid and is_sold and limit.amount is not None else None

    def window(self, meter: Meter, instant: datetime) -> Window:
        """The window around `instant`. A month of the calendar that was begun goes on, whatever becomes of the time zone."""
        if meter.window is Kind.CALENDAR_MONTH:
            begun = (
                known.window for known in self.sums if known.meter_key == meter.key and known.window.holds(instant)
            )
            if found := next(begun, None):
                return found
        return windows.at(meter.window, self.course, instant)

    def standing(self, meter: Meter, now: datetime) -> Standing:
        """How it stands with a meter in the window around `now`."""
        limit, window = self.limit(meter), self.window(meter, now)
        wanted = (meter.key, window.begins_at)
        counted = next((known for known in self.sums if (known.meter_key, known.begins_at) == wanted), None)
        return Standing(
            meter=meter,
            limit=None if limit.amount is None else Decimal(limit.amount),
            behaviour=limit.behaviour,
            used=counted.used if counted else Decimal(0),
            begins_at=window.begins_at,
            resets_at=window.ends_at,
            overage_price=limit.overage(self.price.amount.currency) if self.price else None,
            counted_at=counted.counted_at if counted else None,
            budget=self.budgets.get(meter.key),
        )


def read(
    organization: Organization, since: datetime, until: datetime, meter_keys: Collection[str] | None = None
) -> Reading:
    """Sums of the windows that touch [since, until], of these meters only where some are named."""
    values = {"organization": organization.id, "since": since, "until": until, "all": meter_keys is None}
    rows = db.session.execute(_everything(), {**values, "meters": list(meter_keys or ())}).all()
    subscription: Subscription | None = rows[0][0] if rows else None
    if rows:
        catalog.trust(rows[0][1])
    sums = tuple(Sum(*row[3:]) for row in rows if row[3] is not None)
    price = _price(catalog.current(), subscription)
    plan, budgets = plan_in_force(subscription), _budgets(rows[0][2] if rows else None)
    return Reading(subscription, price, plan, course(organization, subscription), sums, budgets)


def course(organization: Organization, subscription: Subscription | None) -> Course:
    """What decides about this organization's windows."""
    zone = ZoneInfo(organization.timezone)
    if subscription is None:
        return Course(organization.created_at, zone)
    return Course(
        organization.created_at,
        zone,
        since=subscription.started_at,
        begins_at=subscription.current_period_start,
        ends_at=subscription.current_period_end,
        is_trial=subscription.status == Status.TRIALING,
        free_until=subscription.trial_end,
        over_at=subscription.ended_at,
        plan_since=subscription.price_since,
    )


@cache
def _everything() -> Select[Any]:
    """Made once: putting it together would take longer than asking it."""
    one, mine = aliased(Subscription), bindparam("organization", type_=BigInteger)
    begun = select(one.id).where(one.organization_id == mine, one.began_at.is_not(None))
    latest = begun.order_by(one.status.in_(LIVE).desc(), one.started_at.desc()).limit(1).scalar_subquery()
    touching = (Total.organization_id == mine) & (Total.begins_at <= bindparam("until"))
    touching &= or_(Total.ends_at.is_(None), Total.ends_at > bindparam("since"))
    touching &= _is_named(Total.meter_key)
    columns = (Subscription, catalog.version_column(), _all_budgets(mine), *COLUMNS)
    whole = select(*columns).select_from(Organization)
    whole = whole.where(Organization.id == mine)
    return whole.outerjoin(Subscription, Subscription.id == latest).outerjoin(Total, touching)


def _is_named(meter_key: Any) -> ColumnElement[bool]:
    named = meter_key == func.any(bindparam("meters", type_=ARRAY(String)))
    return or_(bindparam("all", type_=Boolean), named)


def _all_budgets(mine: ColumnElement[int]) -> ScalarSelect[Any]:
    """In one value, since there may be a budget where nothing was counted, and the other way round."""
    facts = (MeterBudget.id, cast(MeterBudget.amount, String), MeterBudget.levels, MeterBudget.stops)
    whole = select(func.jsonb_object_agg(MeterBudget.meter_key, func.jsonb_build_array(*facts)))
    in_force = (MeterBudget.organization_id == mine) & MeterBudget.removed_at.is_(None)
    return whole.where(in_force, _is_named(MeterBudget.meter_key)).scalar_subquery()


def _budgets(found: dict[str, Any] | None) -> dict[str, Budget]:
    return {
        key: Budget(id, Decimal(amount), tuple(levels), stops)
        for key, (id, amount, levels, stops) in (found or {}).items()
    }


def _price(known: Catalog, subscription: Subscription | None) -> Price | None:
    """What a live subscription is for."""
    if subscription is None or not subscription.is_running:
        return None
    return next((price for price in known.all_prices if price.id == subscription.price_id), None)
