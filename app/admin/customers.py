"""Customers as staff look for them: which there are, what they have, what they bring in."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import joinedload

from app.auth.models import User
from app.catalog.models import Plan, Price
from app.core.errors import NotFound
from app.core.extensions import db
from app.organizations.models import Membership, Organization
from app.revenue import book
from app.revenue.models import Movement
from app.subscriptions.models import Subscription
from app.subscriptions.states import RUNNING, Status

from . import lists
from .lists import Order, Page

ORDERS = {
    "newest": Order(_l("Newest first"), (Organization.id,), descending=True),
    "oldest": Order(_l("Oldest first"), (Organization.id,)),
    "name": Order(_l("By name"), (Organization.name, Organization.id)),
}
FREE = "free"
STATES = {
    Status.ACTIVE: _l("Active"),
    Status.TRIALING: _l("Trial"),
    Status.PAST_DUE: _l("Past due"),
    Status.UNPAID: _l("Unpaid"),
    Status.PAUSED: _l("Paused"),
    FREE: _l("No subscription"),
}


@dataclass(frozen=True)
class Filters:
    """`who` is part of a name, the beginning of a member's mail address, Stripe's id or ours."""

    who: str = ""
    state: str = ""
    plan: str = ""


def page(filters: Filters, order: Order, **around: str) -> Page:
    """Rows of a customer, the running subscription if there is one, a mail address, and what recurs by the year."""
    return lists.page(_with_subscription().where(*_conditions(filters)), order, Organization.public_id, **around)


def get(public_id: str) -> Organization:
    """Raises NotFound."""
    found = select(Organization).where(Organization.public_id == public_id)
    organization = db.session.scalar(found) if public_id.isprintable() else None
    if organization is None:
        raise NotFound()
    return organization


def named(said: str) -> ColumnElement[bool]:
    """Customers by whatever is known of them; an id or an address leads straight to its row."""
    if said.startswith("cus_"):
        return Organization.stripe_customer_id == said
    if said.startswith("org_"):
        return Organization.public_id == said
    if said.startswith("sub_"):
        theirs = (Subscription.stripe_id == said) | (Subscription.public_id == said)
        return Organization.id.in_(select(Subscription.organization_id).where(theirs))
    if "@" in said:
        people = select(Membership.organization_id).join(User, User.id == Membership.user_id)
        return Organization.id.in_(people.where(User.email.startswith(said.lower(), autoescape=True)))
    return Organization.name.icontains(said, autoescape=True)


def on_plan(key: str) -> ColumnElement[bool]:
    return Subscription.price_id.in_(select(Price.id).join(Plan, Plan.id == Price.plan_id).where(Plan.key == key))


def _with_subscription() -> "Select[*tuple[Any, ...]]":
    mail = select(User.email).join(Membership, Membership.user_id == User.id)
    mail = mail.where(Membership.organization_id == Organization.id).order_by(Membership.id).limit(1)
    running = (Subscription.organization_id == Organization.id) & Subscription.status.in_(RUNNING)
    columns = (mail.scalar_subquery().label("mail"), book.stood(Movement.annual_amount).label("annual"))
    found = select(Organization, Subscription, *columns).outerjoin(Subscription, running)
    return found.options(joinedload(Subscription.price).joinedload(Price.plan))


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.who:
        conditions.append(named(filters.who))
    if filters.state:
        conditions.append(Subscription.id.is_(None) if filters.state == FREE else Subscription.status == filters.state)
    if filters.plan:
        conditions.append(on_plan(filters.plan))
    return conditions
