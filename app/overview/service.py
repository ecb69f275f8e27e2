"""What an organization sees first, read in a few statements however much history there is."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, func, select
from sqlalchemy.orm import aliased

from app.audit import service as audit
from app.audit.models import Entry
from app.core.extensions import db
from app.dunning.models import DunningCase
from app.invoices.models import Invoice
from app.organizations.models import Organization
from app.payment_methods.models import PaymentMethod

from .timeline import SENTENCES

INVOICES = 5
ENTRIES = 10


@dataclass(frozen=True)
class Overview:
    """`card` is the one the next charge goes to, as far as it is known; `cases` of failed renewals, by the invoice's id."""

    card: PaymentMethod | None
    invoices: list[Invoice]
    cases: dict[int, DunningCase | None]
    timeline: list[Entry]


def of(organization: Organization, card: PaymentMethod | None) -> Overview:
    """What the home page shows beside the plan and its `card`, in one statement: two short lists, side by side."""
    latest, place = _numbered(Invoice.of(organization), Invoice.issued_at.desc(), Invoice.id.desc(), limit=INVOICES)
    steps, step_place = _numbered(audit.entries(organization.id, SENTENCES), Entry.id.desc(), limit=ENTRIES)
    invoice, entry = aliased(Invoice, latest), aliased(Entry, steps)
    both = select(invoice, DunningCase, entry).join_from(latest, steps, place == step_place, full=True)
    both = both.outerjoin(DunningCase, DunningCase.invoice_id == invoice.id)
    rows = db.session.execute(both.order_by(func.coalesce(place, step_place))).all()
    return Overview(
        card=card,
        invoices=[invoice for invoice, _, _ in rows if invoice is not None],
        cases={invoice.id: case for invoice, case, _ in rows if invoice is not None},
        timeline=[entry for _, _, entry in rows if entry is not None],
    )


def _numbered(
    rows: "Select[*tuple[Any, ...]]", *order: ColumnElement[Any], limit: int
) -> tuple[Subquery, ColumnElement[int]]:
    """The first `limit` rows in this order, and the column with the place of each."""
    numbered = rows.add_columns(func.row_number().over(order_by=order).label("place")).order_by(*order).limit(limit)
    found = numbered.subquery()
    return found, found.c.place
