"""Invoices of all customers, as staff look through them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, or_, select

from app.invoices.models import Invoice, InvoiceStatus
from app.organizations.models import Organization
from app.revenue import losses
from app.revenue.periods import EARLIEST, Period, today

from . import customers, lists
from .lists import Order, Page

ORDERS = {
    "newest": Order(_l("Newest first"), (Invoice.issued_at, Invoice.id), descending=True),
    "oldest": Order(_l("Oldest first"), (Invoice.issued_at, Invoice.id)),
}
OVERDUE, FAILED = "overdue", "failed"
STATES = {
    InvoiceStatus.OPEN: _l("Due"),
    OVERDUE: _l("Overdue"),
    FAILED: _l("A payment failed"),
    InvoiceStatus.PAID: _l("Paid"),
    InvoiceStatus.VOID: _l("Void"),
    InvoiceStatus.UNCOLLECTIBLE: _l("Uncollectible"),
}


@dataclass(frozen=True)
class Filters:
    """`about` is a number or Stripe's id. The days are those of the issue, or of the payment that failed."""

    who: str = ""
    about: str = ""
    state: str = ""
    currency: str = ""
    first: date | None = None
    last: date | None = None


def page(filters: Filters, order: Order, **around: str) -> Page:
    """Rows of an invoice, and name and public id of its customer."""
    found = select(Invoice, Organization.name, Organization.public_id)
    found = found.join(Organization, Organization.id == Invoice.organization_id)
    return lists.page(_chosen(found, filters), order, Invoice.public_id, **around)


def _chosen(found: "Select[*tuple[Any, ...]]", filters: Filters) -> "Select[*tuple[Any, ...]]":
    conditions: list[ColumnElement[bool]] = []
    if filters.who:
        conditions.append(customers.named(filters.who))
    if filters.about:
        conditions.append(or_(Invoice.number == filters.about, Invoice.stripe_id == filters.about))
    if filters.currency:
        conditions.append(Invoice.currency == filters.currency)
    return found.where(*conditions, *_of_state(filters))


def _of_state(filters: Filters) -> list[ColumnElement[bool]]:
    period = Period(filters.first or EARLIEST, filters.last or today())
    if filters.state == FAILED:
        return [losses.has_failed(period)]
    conditions: list[ColumnElement[bool]] = []
    if filters.first or filters.last:
        conditions += [Invoice.issued_at >= period.begins_at, Invoice.issued_at < period.ends_at]
    if filters.state:
        conditions.append(Invoice.overdue() if filters.state == OVERDUE else Invoice.status == filters.state)
    return conditions
