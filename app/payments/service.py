"""Fetch a payment from Stripe, absorb the answer, and say what follows: audit, and a mail for what was given back."""

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.audit import service as audit
from app.core import ids
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.logs import log
from app.gateway import payments as gateway
from app.gateway.payments import AttemptRecord, PaymentRecord, RefundRecord
from app.organizations.models import Organization

from . import mirror, notices
from .models import GONE, INVOICE, Attempt, Payment, Refund

Subject = tuple[str, str]
"""Purpose and reference."""

LEASE_SECONDS = 45
"""Longer than Stripe's slowest answer."""


class PaymentNotFound(PortalError):
    """Also for a payment of another organization: the two must not be told apart."""

    status = 404
    code = "payment_not_found"

    def __init__(self) -> None:
        super().__init__(_("There is nothing at this address, or it is not yours to see."))


def get(organization: Organization, public_id: str) -> Payment:
    """Raises PaymentNotFound."""
    # PostgreSQL takes no NUL.
    mine = Payment.of(organization).where(Payment.public_id == public_id)
    payment = db.session.scalar(mine) if public_id.isprintable() else None
    if payment is None:
        raise PaymentNotFound()
    return payment


def lease(payment: Payment) -> str:
    """The name of the lease that every deed on this payment holds."""
    return f"payment:{payment.stripe_id}"


def sync(stripe_id: str) -> Payment | None:
    """Fetch the truth about a payment intent and absorb it; None for a customer who is not ours.

    Raises GatewayNotFound: Stripe forgets no payment, so one it does not know is for a person.
    """
    record = gateway.retrieve(stripe_id)
    organization = db.session.scalar(select(Organization).where(Organization.stripe_customer_id == record.customer))
    if organization is None:
        log.warning("payment of an unknown customer", payment=stripe_id)
        return None
    return absorb(organization, record, subject_of(organization, record))


def subject_of(organization: Organization, record: PaymentRecord) -> Subject:
    """What a payment is for: what we wrote on it, or else the invoice that Stripe collects with it."""
    mine = Payment.of(organization).where(Payment.stripe_id == record.stripe_id)
    known = db.session.execute(mine.with_only_columns(Payment.purpose, Payment.reference)).first()
    if known is not None and known.reference:
        return known.purpose, known.reference
    if record.metadata.get("organization") == organization.public_id:
        return record.metadata.get("purpose", ""), record.metadata.get("reference", "")
    number = gateway.invoice_of(record.stripe_id)
    return ("", "") if number is None else (INVOICE, number)


def absorb(organization: Organization, record: PaymentRecord, subject: Subject) -> Payment:
    """Write Stripe's answer into our rows; nothing if they stand on a question asked later."""
    purpose, reference = subject
    values = {"purpose": purpose, "reference": reference, **mirror.payment_values(record)}
    # Locked, so that of two answers absorbed at once only one sees what is new.
    row = Payment.of(organization).where(Payment.stripe_id == record.stripe_id).with_for_update()
    row = row.execution_options(populate_existing=True)
    known, is_new = db.session.scalars(row).one_or_none(), False
    if known is None:
        first = {"public_id": ids.new("pay"), "organization_id": organization.id, "stripe_id": record.stripe_id}
        first |= {"currency": record.currency, "created_at": record.created_at, "synced_at": record.asked_at}
        new = insert(Payment).values(**first, **values).on_conflict_do_nothing(index_elements=["stripe_id"])
        is_new = db.session.scalar(new.returning(Payment.id)) is not None
    payment = known or db.session.scalars(row).one()
    if record.asked_at < payment.synced_at:
        return payment  # an answer that was long on its way
    was_paid = payment.is_paid and not is_new
    for name, value in values.items():
        setattr(payment, name, value)
    payment.synced_at = record.asked_at
    for attempt in record.attempts:
        _absorb_attempt(payment, attempt)
    for refund in record.refunds:
        _absorb_refund(organization, payment, refund)
    if payment.is_paid and not was_paid and not payment.is_of_invoice:
        _audit("payment.succeeded", payment, payment.amount)
    return payment


def _absorb_attempt(payment: Payment, record: AttemptRecord) -> None:
    values = mirror.attempt_values(record)
    first = {"public_id": ids.new("try"), "payment_id": payment.id, "organization_id": payment.organization_id}
    upsert = insert(Attempt).values(stripe_id=record.stripe_id, **first, **values)
    db.session.execute(upsert.on_conflict_do_update(index_elements=["stripe_id"], set_=values))


def _absorb_refund(organization: Organization, payment: Payment, record: RefundRecord) -> None:
    """A refund that came back is told once; whether it was ever on its way, too."""
    mine = select(Refund).where(Refund.stripe_id == record.stripe_id, Refund.payment_id == payment.id)
    refund = db.session.scalar(mine.execution_options(populate_existing=True))
    was = refund.status if refund else None
    if refund is None:
        refund = Refund(payment_id=payment.id, organization_id=organization.id, stripe_id=record.stripe_id)
        db.session.add(refund)
    for name, value in mirror.refund_values(payment.currency, record).items():
        setattr(refund, name, value)
    db.session.flush()
    if was is None and record.status not in GONE:
        _audit("refund.made", payment, refund.amount, refund.public_id)
        if record.is_ours:  # else whoever gave it back says so
            notices.refunded(organization, payment, refund)
    elif was not in GONE and record.status in GONE:
        _audit("refund.failed", payment, refund.amount, refund.public_id)


def _audit(action: str, payment: Payment, amount: int, subject: str = "") -> None:
    data = {"amount": amount, "currency": payment.currency, "payment": payment.public_id}
    if payment.is_of_invoice:
        data["number"] = payment.reference
    audit.write(action, subject or payment.public_id, organization_id=payment.organization_id, data=data)
