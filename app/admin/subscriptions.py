"""Subscriptions as staff look through them: how they stand, or stood on a day, and who canceled why."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from app.catalog.models import Price
from app.gateway.subscription_changes import FEEDBACKS
from app.organizations.models import Organization
from app.revenue import book, losses
from app.revenue.models import Movement
from app.revenue.periods import EARLIEST, Period, midnight, today
from app.subscriptions.models import Subscription
from app.subscriptions.states import Status

from . import customers, lists
from .lists import Order, Page

ORDERS = {
    "newest": Order(_l("Newest first"), (Subscription.started_at, Subscription.id), descending=True),
    "oldest": Order(_l("Oldest first"), (Subscription.started_at, Subscription.id)),
}
PAYING = "paying"
STATES = {
    PAYING: _l("Paying"),
    Status.ACTIVE: _l("Active"),
    Status.TRIALING: _l("Trial"),
    Status.PAST_DUE: _l("Past due"),
    Status.UNPAID: _l("Unpaid"),
    Status.PAUSED: _l("Paused"),
    Status.CANCELED: _l("Ended"),
}
"""All but the first are Stripe's. Paying is who adds to the recurring revenue."""
SILENT = "none"
_IN_WORDS = (
    _l("Too expensive"),
    _l("Missing features"),
    _l("Switched service"),
    _l("Not used"),
    _l("Customer service"),
    _l("Too complex"),
    _l("Low quality"),
    _l("Another reason"),
)
REASONS = dict(zip(FEEDBACKS, _IN_WORDS, strict=True)) | {SILENT: _l("No reason given")}
"""Stripe's eight, in its order, and none."""


@dataclass(frozen=True)
class Filters:
    """`on` is the day at whose end they stood so, today if nothing is said; `first` and `last` when they were canceled."""

    who: str = ""
    state: str = ""
    plan: str = ""
    currency: str = ""
    on: date | None = None
    reason: str = ""
    first: date | None = None
    last: date | None = None

    @property
    def before(self) -> datetime | None:
        return midnight(min(self.on, today()) + timedelta(days=1)) if self.on else None


def page(filters: Filters, order: Order, **around: str) -> Page:
    """Rows of a subscription, name and public id of its customer, and what recurs by the year."""
    return lists.page(_chosen(filters), order, Subscription.public_id, **around)


def _chosen(filters: Filters) -> "Select[*tuple[Any, ...]]":
    annual = book.stood(Movement.annual_amount, filters.before).label("annual")
    found = select(Subscription, Organization.name, Organization.public_id, annual)
    found = found.join(Organization, Organization.id == Subscription.organization_id)
    prices = (Subscription.price, Subscription.scheduled_price, Subscription.pending_price)
    found = found.options(*(joinedload(price).joinedload(Price.plan) for price in prices))
    return found.where(Subscription.began_at.is_not(None), *_conditions(filters))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions = [_in_state(filters)] if filters.state else []
    if filters.before:
        conditions.append(Subscription.started_at < filters.before)
    if filters.who:
        conditions.append(customers.named(filters.who))
    if filters.plan:
        conditions.append(customers.on_plan(filters.plan))
    if filters.currency:
        conditions.append(Subscription.price_id.in_(select(Price.id).where(Price.currency == filters.currency)))
    if filters.reason:
        conditions.append(func.coalesce(Subscription.feedback, SILENT) == filters.reason)
        conditions.append(Subscription.canceled_at.is_not(None))
    if filters.first or filters.last:
        conditions.append(losses.canceled(Period(filters.first or EARLIEST, filters.last or today())))
    return conditions


def _in_state(filters: Filters) -> ColumnElement[bool]:
    if filters.state == PAYING:
        return book.stood(Movement.annual_amount, filters.before) > 0
    if filters.before is None:
        return Subscription.status == filters.state
    return book.stood(Movement.status, filters.before) == filters.state
