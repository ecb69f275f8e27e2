"""The inbox as staff see it: which events there are, of whom, and what became of them."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import defer

from app.core.errors import NotFound
from app.core.extensions import db
from app.organizations.models import Organization
from app.webhooks.models import InboxEvent

from . import lists
from .lists import Order, Page

ORDERS = {
    "newest": Order(_l("Newest first"), (InboxEvent.id,), descending=True),
    "oldest": Order(_l("Oldest first"), (InboxEvent.id,)),
    "type": Order(_l("By type"), (InboxEvent.type, InboxEvent.id)),
}


@dataclass(frozen=True)
class Filters:
    """`about` is the id of an event or of its object, `customer` Stripe's id, our organization's, or part of its name."""

    state: str = ""
    type: str = ""
    about: str = ""
    customer: str = ""


def page(filters: Filters, order: Order, **around: str) -> Page:
    """Rows of an event without its payload, and the name of its organization, as far as there is one."""
    chosen = _with_organization().options(defer(InboxEvent.payload, raiseload=True)).where(*_conditions(filters))
    return lists.page(chosen, order, InboxEvent.event_id, **around)


def get(event_id: str) -> tuple[InboxEvent, str | None]:
    """An event, and the name of its organization. Raises NotFound."""
    found = _with_organization().where(InboxEvent.event_id == event_id)
    row = db.session.execute(found).first() if event_id.isprintable() else None
    if row is None:
        raise NotFound()
    return row[0], row[1]


def _with_organization() -> "Select[*tuple[Any, ...]]":
    is_its = Organization.stripe_customer_id == InboxEvent.customer
    return select(InboxEvent, Organization.name).outerjoin(Organization, is_its)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.state:
        conditions.append(InboxEvent.state == filters.state)
    if filters.type:
        conditions.append(InboxEvent.type == filters.type)
    if filters.about:
        conditions.append(or_(InboxEvent.event_id == filters.about, InboxEvent.object_id == filters.about))
    if filters.customer:
        conditions.append(_of_customer(filters.customer))
    return conditions


def _of_customer(said: str) -> ColumnElement[bool]:
    named = or_(Organization.public_id == said, Organization.name.icontains(said, autoescape=True))
    theirs = select(Organization.stripe_customer_id).where(named, Organization.stripe_customer_id.is_not(None))
    return InboxEvent.customer == said if said.startswith("cus_") else InboxEvent.customer.in_(theirs)
