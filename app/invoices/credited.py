"""Which billed line a credit gives back a part of, in whatever order their invoices are heard of."""

from collections.abc import Collection

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import array

from app.core.extensions import db
from app.organizations.models import Organization
from app.subscriptions.explanations import lines
from app.subscriptions.explanations.lines import Paid

from .models import Invoice, InvoiceLine


def billed(organization: Organization, stripe_ids: Collection[str]) -> dict[str, Paid]:
    """What the organization was asked for in these lines, after their discounts, by Stripe id. One statement."""
    found = db.session.scalars(_of(organization).where(InvoiceLine.stripe_id.in_(stripe_ids)))
    return {line.stripe_id: _paid(line) for line in found}


def complete(organization: Organization, invoice: Invoice) -> None:
    """Tell the credits that were here before the lines of this `invoice` what they give back a part of."""
    debits = {line.stripe_id: line for line in db.session.scalars(InvoiceLine.of(invoice)) if line.amount > 0}
    if not debits:
        return
    waiting = _of(organization).where(InvoiceLine.amount < 0, InvoiceLine.credited.has_any(array(debits)))
    for credit in db.session.scalars(waiting):
        if credit.paid is None and len(credit.credited) == 1:
            credit.paid = lines.stored_paid(_paid(debits[credit.credited[0]]))


def _of(organization: Organization) -> "Select[InvoiceLine]":
    return select(InvoiceLine).join(Invoice).where(Invoice.organization_id == organization.id)


def _paid(line: InvoiceLine) -> Paid:
    return Paid(line.net_amount, line.period_start, line.period_end)
