"""Fetch an invoice from Stripe, absorb the answer, and say what follows: audit, PDF, receipt."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import insert as insert_many
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.audit import service as audit
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.hooks import Hooks
from app.core.logs import log
from app.gateway import invoices as gateway
from app.gateway import payment_methods
from app.gateway.errors import GatewayNotFound
from app.gateway.invoices import InvoiceRecord
from app.organizations.models import Organization
from app.payments.models import INVOICE, Payment, Refund
from app.subscriptions.explanations import lines as subscription_lines

from . import credited, mirror, pay_links, printing, receipts
from .mirror import Card
from .models import FINAL, Invoice, InvoiceLine, InvoiceStatus

Absorbed = Callable[[Organization, Invoice, InvoiceRecord], None]
absorbed: Hooks[Absorbed] = Hooks()
"""Rooms above hear of each answer of Stripe's that was written, in its transaction and under the lock of its row."""

COLLECTING = {"attempt_count", "next_payment_attempt_at", "hosted_invoice_url"}
"""What changes while Stripe tries to collect and is not printed."""

AUDITED = {
    InvoiceStatus.PAID: "invoice.paid",
    InvoiceStatus.VOID: "invoice.voided",
    InvoiceStatus.UNCOLLECTIBLE: "invoice.written_off",
}


class InvoiceNotFound(PortalError):
    """Also for a number of another organization: the two must not be told apart."""

    status = 404
    code = "invoice_not_found"

    def __init__(self) -> None:
        super().__init__(_("There is nothing at this address, or it is not yours to see."))


def get(organization: Organization, number: str) -> Invoice:
    """The organization's invoice with Stripe's `number`. Raises InvoiceNotFound."""
    if not number.isprintable():  # PostgreSQL takes no NUL
        raise InvoiceNotFound()
    invoice = db.session.scalar(Invoice.of(organization).where(Invoice.number == number))
    if invoice is None:
        raise InvoiceNotFound()
    return invoice


def get_with_refunds(organization: Organization, number: str) -> tuple[Invoice, list[Refund]]:
    """The same with what was given back of it, oldest first. One statement. Raises InvoiceNotFound."""
    if not number.isprintable():
        raise InvoiceNotFound()
    is_of = (Payment.organization_id == Invoice.organization_id) & (Payment.purpose == INVOICE)
    mine = Invoice.of(organization).where(Invoice.number == number).add_columns(Refund)
    mine = mine.outerjoin(Payment, is_of & (Payment.reference == Invoice.number))
    rows = db.session.execute(mine.outerjoin(Refund).order_by(Refund.created_at, Refund.id)).all()
    if not rows:
        raise InvoiceNotFound()
    return rows[0][0], [refund for _invoice, refund in rows if refund is not None]


def lines(invoice: Invoice, limit: int | None = None) -> list[InvoiceLine]:
    """The lines in Stripe's order, at most `limit`."""
    return list(db.session.scalars(InvoiceLine.of(invoice).limit(limit)))


def fetch(stripe_id: str) -> tuple[InvoiceRecord, dict[str, Card]] | None:
    """The truth, and the cards that paid; None for a draft. Nothing is written yet."""
    try:
        record = gateway.retrieve(stripe_id)
    except GatewayNotFound:  # only drafts can be deleted, and those are not kept
        log.warning("invoice unknown at Stripe", invoice=stripe_id)
        return None
    if record.number is None or record.status == "draft":
        return None
    return record, _cards(record)


def sync(stripe_id: str) -> Invoice | None:
    """Fetch the truth and absorb it; None for a draft and for a customer who is not ours."""
    found = fetch(stripe_id)
    return receive(*found) if found else None


def receive(record: InvoiceRecord, cards: Mapping[str, Card]) -> Invoice | None:
    """Absorb what `fetch` found; None for a customer who is not ours."""
    organization = db.session.scalar(select(Organization).where(Organization.stripe_customer_id == record.customer))
    if organization is None:
        log.warning("invoice of an unknown customer", invoice=record.stripe_id)
        return None
    return absorb(organization, record, cards)


def _cards(record: InvoiceRecord) -> dict[str, Card]:
    """The cards that paid, by payment; those already known are not asked for again."""
    if not record.payments:
        return {}
    known = db.session.scalar(select(Invoice.payments).where(Invoice.stripe_id == record.stripe_id)) or []
    cards: dict[str, Card] = {payment["stripe_id"]: payment for payment in known}
    for payment in record.payments:
        if payment.stripe_id not in cards and payment.payment_method is not None:
            method = payment_methods.retrieve(payment.payment_method)
            cards[payment.stripe_id] = {"brand": method.brand, "last4": method.last4}
    return cards


def absorb(organization: Organization, record: InvoiceRecord, cards: Mapping[str, Card]) -> Invoice:
    """Write Stripe's answer into our row; what is new is audited, printed and mailed, once."""
    values = mirror.invoice_values(record, cards)
    # Locked, so that of two answers absorbed at once only one sees the invoice become paid.
    row = select(Invoice).where(Invoice.stripe_id == record.stripe_id).with_for_update()
    row = row.execution_options(populate_existing=True)
    known, is_new = db.session.scalars(row).one_or_none(), False
    if known is None:
        new = insert(Invoice).values(organization_id=organization.id, stripe_id=record.stripe_id, **values)
        new = new.on_conflict_do_nothing(index_elements=["stripe_id"])
        is_new = db.session.scalar(new.returning(Invoice.id)) is not None
    invoice = known or db.session.scalars(row).one()
    if is_new:
        _issued(invoice, organization, record)
    elif invoice.status not in FINAL or record.status in FINAL:  # else an answer that was long on its way
        _changed(invoice, organization, values)
    for hear in absorbed:
        hear(organization, invoice, record)
    if record.needs_confirmation and invoice.is_open:
        pay_links.ask_to_confirm(invoice, organization, lines(invoice, receipts.LINES))
    return invoice


def _issued(invoice: Invoice, organization: Organization, record: InvoiceRecord) -> None:
    """Stripe freezes the lines at finalization: they are written once."""
    paid = subscription_lines.paid(organization, record.lines)
    rows = [
        mirror.line_values(invoice.id, n, invoice.currency, line, paid.get(line.stripe_id))
        for n, line in enumerate(record.lines, 1)
    ]
    if rows:
        db.session.execute(insert_many(InvoiceLine), rows)
        credited.complete(organization, invoice)
    _audit("invoice.issued", invoice, invoice.issued_at)
    _settled(invoice, organization)
    printing.ask(invoice)


def _changed(invoice: Invoice, organization: Organization, values: Mapping[str, Any]) -> None:
    changed = {name for name, value in values.items() if getattr(invoice, name) != value}
    for name in changed:
        setattr(invoice, name, values[name])
    if "status" in changed:
        _settled(invoice, organization)
    if changed - COLLECTING:
        printing.ask(invoice)


def _settled(invoice: Invoice, organization: Organization) -> None:
    """Nothing for an open invoice; a receipt only where money came in."""
    if action := AUDITED.get(InvoiceStatus(invoice.status)):
        _audit(action, invoice, invoice.paid_at or invoice.voided_at)
    if invoice.is_paid and invoice.paid_amount > 0:
        receipts.send(invoice, organization, lines(invoice, receipts.LINES + 1))


def _audit(action: str, invoice: Invoice, at: datetime | None) -> None:
    data = {"number": invoice.number, "amount": invoice.total_amount, "currency": invoice.currency}
    audit.write(action, invoice.public_id, organization_id=invoice.organization_id, data=data, at=at)
