"""The list of an organization's invoices: filtered, newest first, page by page."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select, tuple_

from app.core.extensions import db
from app.core.money import Money
from app.organizations.models import Organization

from .models import Invoice, InvoiceLine, InvoiceStatus

PER_PAGE = 25

OVERDUE = "overdue"


@dataclass(frozen=True)
class Filters:
    """`text` is looked for in numbers and line descriptions; both days are included, in the organization's time zone."""

    text: str = ""
    status: str = ""
    first_day: date | None = None
    last_day: date | None = None

    def __bool__(self) -> bool:
        return any([self.text, self.status, self.first_day, self.last_day])


@dataclass(frozen=True)
class Page:
    """`newer` and `older` are the numbers to go on from, None where the list ends."""

    invoices: list[Invoice]
    newer: str | None
    older: str | None


@dataclass(frozen=True)
class Unpaid:
    """What is open in one currency, and how much of it is late."""

    due: Money
    overdue: Money


def unpaid(organization: Organization) -> list[Unpaid]:
    late = func.coalesce(func.sum(Invoice.remaining_amount).filter(Invoice.overdue()), 0)
    sums = (
        select(Invoice.currency, func.sum(Invoice.remaining_amount), late)
        .where(Invoice.organization_id == organization.id, Invoice.status == InvoiceStatus.OPEN)
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    return [
        Unpaid(Money(int(due), currency), Money(int(overdue), currency))
        for currency, due, overdue in db.session.execute(sums)
    ]


def page(
    organization: Organization, filters: Filters, *, older_than: str | None = None, newer_than: str | None = None
) -> Page:
    """The newest invoices that match, or those next to the one whose number is given. One statement."""
    matching = Invoice.of(organization).where(*_conditions(organization, filters))
    place = tuple_(Invoice.issued_at, Invoice.id)
    if newer_than:
        matching = matching.where(place > _place_of(organization, newer_than)).order_by(Invoice.issued_at, Invoice.id)
    else:
        if older_than:
            matching = matching.where(place < _place_of(organization, older_than))
        matching = matching.order_by(Invoice.issued_at.desc(), Invoice.id.desc())
    found = list(db.session.scalars(matching.limit(PER_PAGE + 1)))
    more, shown = len(found) > PER_PAGE, found[:PER_PAGE]
    if newer_than:
        return _page(shown[::-1], has_newer=more, has_older=True)
    return _page(shown, has_newer=bool(older_than), has_older=more)


def _page(invoices: list[Invoice], *, has_newer: bool, has_older: bool) -> Page:
    if not invoices:
        return Page([], None, None)
    return Page(invoices, invoices[0].number if has_newer else None, invoices[-1].number if has_older else None)


def _place_of(organization: Organization, number: str) -> "ScalarSelect[Any]":
    place = select(Invoice.issued_at, Invoice.id)
    return place.where(Invoice.organization_id == organization.id, Invoice.number == number).scalar_subquery()


def _conditions(organization: Organization, filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.text:
        named = exists().where(
            InvoiceLine.invoice_id == Invoice.id, InvoiceLine.description.icontains(filters.text, autoescape=True)
        )
        conditions.append(Invoice.number.icontains(filters.text, autoescape=True) | named)
    if filters.status:
        conditions.append(Invoice.overdue() if filters.status == OVERDUE else Invoice.status == filters.status)
    if filters.first_day:
        conditions.append(Invoice.issued_at >= _midnight(filters.first_day, organization))
    if filters.last_day:
        conditions.append(Invoice.issued_at < _midnight(filters.last_day + timedelta(days=1), organization))
    return conditions


def _midnight(day: date, organization: Organization) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(organization.timezone))
