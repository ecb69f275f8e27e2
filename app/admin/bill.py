"""One invoice as staff see it: the sheet the customer has, and everything around it."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import contains_eager

from app.audit import service as audit
from app.audit.models import Entry
from app.core.errors import NotFound
from app.core.extensions import db
from app.core.money import Money
from app.dunning import context
from app.dunning.models import DunningCase
from app.invoices import service
from app.invoices.document import InvoiceDocument
from app.invoices.models import Invoice
from app.organizations.models import Organization
from app.payments.models import INVOICE, Attempt, Payment, Refund

from . import stripe_pages

LINES = 200
"""Shown on the page; the PDF lists more."""

STEPS = {
    "invoice.issued": (_l("Issued"), "quiet"),
    "invoice.paid": (_l("Paid"), "success"),
    "invoice.voided": (_l("Voided"), "quiet"),
    "invoice.written_off": (_l("Written off"), "warning"),
    "invoice.payment_declined": (_l("A card was declined"), "warning"),
    "payment.succeeded": (_l("Payment received"), "success"),
    "refund.ordered": (_l("Refund ordered"), "info"),
    "refund.made": (_l("Refund sent to the card"), "info"),
    "refund.failed": (_l("Refund came back from the bank"), "danger"),
    "dunning.opened": (_l("Case opened"), "danger"),
    "dunning.attempt_failed": (_l("Another attempt failed"), "warning"),
    "dunning.exhausted": (_l("Attempts over"), "warning"),
    "dunning.stopped": (_l("Attempts stopped"), "quiet"),
    "dunning.restricted": (_l("Access restricted"), "danger"),
    "dunning.recovered": (_l("Case closed: recovered"), "success"),
    "dunning.ended": (_l("Case closed: ended unpaid"), "quiet"),
    "dunning.voided": (_l("Case closed: voided"), "quiet"),
    "dunning.written_off": (_l("Case closed: written off"), "quiet"),
}
"""How the audit of an invoice, its payments and its case reads, and the tone of the mark."""


@dataclass(frozen=True)
class Bill:
    invoice: Invoice
    organization: Organization
    case: DunningCase | None
    document: InvoiceDocument
    attempts: Sequence[Attempt]
    refunds: Sequence[Refund]
    history: list[Entry]

    @property
    def refunded(self) -> Money:
        return self.invoice.money(sum(refund.amount for refund in self.refunds if not refund.is_gone))

    @property
    def at_stripe(self) -> str | None:
        """Its page in Stripe's dashboard."""
        return stripe_pages.address("invoices", self.invoice.stripe_id)


def get(name: str) -> tuple[Invoice, Organization, DunningCase | None]:
    """An invoice by its public id or Stripe's, its customer, and its case if there is one. Raises NotFound."""
    column = Invoice.stripe_id if name.startswith("in_") else Invoice.public_id
    found = select(Invoice, Organization, DunningCase).join(Organization, Organization.id == Invoice.organization_id)
    found = found.outerjoin(DunningCase, DunningCase.invoice_id == Invoice.id).where(column == name)
    row = db.session.execute(found).first() if name.isprintable() else None
    if row is None:
        raise NotFound()
    return row[0], row[1], row[2]


def of(name: str) -> Bill:
    """Five statements. Raises NotFound."""
    invoice, organization, case = get(name)
    context.remember({invoice.id: case})
    lines = service.lines(invoice, LINES + 1)
    attempts, refunds = _attempts(invoice), _refunds(invoice)
    about = {invoice.public_id, *(attempt.payment.public_id for attempt in attempts)}
    about |= {refund.public_id for refund in refunds} | ({case.public_id} if case else set())
    return Bill(
        invoice=invoice,
        organization=organization,
        case=case,
        document=InvoiceDocument.of(invoice, lines, organization, current_app.extensions["settings"], limit=LINES),
        attempts=attempts,
        refunds=refunds,
        history=audit.about(organization.id, about, STEPS),
    )


def _attempts(invoice: Invoice) -> Sequence[Attempt]:
    """Every try of a card, newest first."""
    tries = select(Attempt).join(Payment, Payment.id == Attempt.payment_id).options(contains_eager(Attempt.payment))
    return db.session.scalars(tries.where(*_pays(invoice)).order_by(Attempt.made_at.desc(), Attempt.id.desc())).all()


def _refunds(invoice: Invoice) -> Sequence[Refund]:
    """What was given back, oldest first."""
    back = select(Refund).join(Payment, Payment.id == Refund.payment_id).where(*_pays(invoice))
    return db.session.scalars(back.order_by(Refund.created_at, Refund.id)).all()


def _pays(invoice: Invoice) -> tuple[ColumnElement[bool], ...]:
    return (
        Payment.organization_id == invoice.organization_id,
        Payment.purpose == INVOICE,
        Payment.reference == invoice.number,
    )
