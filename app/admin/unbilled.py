"""Use beyond a plan that nobody bills, as staff see it: whose it is, of which meter and window, and what it would cost."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select, func, select

from app.catalog.models import Meter, Plan
from app.core.extensions import db
from app.organizations.models import Organization
from app.usage.models import Total
from app.usage.unbilled import Reason, Unbilled

from . import lists
from .lists import Order, Page

NEWEST = Order(_l("Newest first"), (Unbilled.id,), descending=True)
REASONS = {
    Reason.ENDED: _l("The subscription has ended."),
    Reason.NOT_SOLD: _l("The plan in force does not sell it."),
}


def page(**around: str) -> Page:
    """Rows of what is not billed, its total, meter and organization, and the name of the plan it was beyond."""
    return lists.page(_rows(), NEWEST, Unbilled.public_id, **around)


def of(organization: Organization) -> Sequence[Row[Any]]:
    """The same of one customer, the newest."""
    mine = _rows().where(Total.organization_id == organization.id).order_by(Unbilled.id.desc())
    return db.session.execute(mine.limit(lists.PER_PAGE)).all()


def count() -> int:
    return db.session.scalar(select(func.count(Unbilled.id))) or 0


def _rows() -> "Select[*tuple[Any, ...]]":
    found = select(Unbilled, Total, Meter, Organization, Plan.name.label("plan"))
    found = found.join(Total, Total.id == Unbilled.total_id).join(Meter, Meter.key == Total.meter_key)
    return found.join(Organization, Organization.id == Total.organization_id).outerjoin(
        Plan, Plan.id == Unbilled.plan_id
    )
