"""The lines of the book of recurring revenue: what every figure of a period is made of."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, select

from app.organizations.models import Organization
from app.revenue import book
from app.revenue.models import Kind, Movement
from app.revenue.periods import EARLIEST, Period, today

from . import customers, lists
from .lists import Order, Page

ORDERS = {
    "newest": Order(_l("Newest first"), (Movement.at, Movement.id), descending=True),
    "oldest": Order(_l("Oldest first"), (Movement.at, Movement.id)),
}
KINDS = {
    Kind.NEW: (_l("New"), "success"),
    Kind.EXPANSION: (_l("Expansion"), "success"),
    Kind.REACTIVATION: (_l("Reactivation"), "success"),
    Kind.CONTRACTION: (_l("Contraction"), "warning"),
    Kind.CHURN: (_l("Churn"), "danger"),
    Kind.NONE: (_l("Status only"), "quiet"),
}
"""How a kind reads, and the tone of its mark."""
CHURNED, LOST = "churned", "lost"
TRIALS_ENDED, TRIALS_CONVERTED = "trials_ended", "trials_converted"
STEPS: dict[str, Any] = {
    **{kind: label for kind, (label, _) in KINDS.items() if kind != Kind.NONE},
    CHURNED: _l("Churn of those who paid at the beginning"),
    LOST: _l("Churn and contraction of those who paid at the beginning"),
    TRIALS_ENDED: _l("Trial ended"),
    TRIALS_CONVERTED: _l("Trial converted"),
}


@dataclass(frozen=True)
class Filters:
    who: str = ""
    kind: str = ""
    currency: str = ""
    first: date | None = None
    last: date | None = None


def page(filters: Filters, order: Order, **around: str) -> Page:
    """Rows of a movement, and name and public id of its customer."""
    return lists.page(_chosen(filters), order, Movement.public_id, **around)


def _chosen(filters: Filters) -> "Select[*tuple[Any, ...]]":
    found = select(Movement, Organization.name, Organization.public_id)
    found = found.join(Organization, Organization.id == Movement.organization_id)
    period = Period(filters.first or EARLIEST, filters.last or today())
    conditions: list[ColumnElement[bool]] = [Movement.at >= period.begins_at, Movement.at < period.ends_at]
    if filters.who:
        conditions.append(customers.named(filters.who))
    if filters.currency:
        conditions.append(Movement.currency == filters.currency)
    if filters.kind:
        conditions.append(_of_kind(filters.kind, period))
    return found.where(*conditions)


def _of_kind(kind: str, period: Period) -> ColumnElement[bool]:
    """A kind of movement, or the lines behind a figure of the period."""
    if kind == CHURNED:
        return book.churned(period.begins_at)
    if kind == LOST:
        return book.lost(period.begins_at)
    if kind == TRIALS_ENDED:
        return book.trial_ended()
    return book.trial_converted() if kind == TRIALS_CONVERTED else Movement.kind == kind
