"""Giving a payment back, whole or in part: never more than is left, once per form, however many press at once.

Who may do so is decided at the door: members of staff.
"""

from flask_babel import gettext as _
from sqlalchemy import select

from app.audit import service as audit
from app.core import i18n, leases
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.money import Money
from app.gateway import intents, refunds
from app.gateway import payments as gateway
from app.gateway.errors import GatewayRefused
from app.gateway.refunds import Reason
from app.organizations.models import Organization

from . import service
from .models import INVOICE, Payment, PaymentStatus, Refund


class NothingToRefund(PortalError):
    status = 409
    code = "nothing_to_refund"

    def __init__(self) -> None:
        super().__init__(_("Nothing of this payment is left to refund. No money was moved."))


class RefundTooLarge(PortalError):
    """More than is left, or no amount at all; another currency than the payment's, too."""

    status = 422
    code = "refund_amount_not_allowed"

    def __init__(self, left: Money) -> None:
        super().__init__(
            _("A refund of this payment can be up to %(amount)s. No money was moved.", amount=i18n.money(left))
        )
        self.left = left


class RefundRefused(PortalError):
    """A dispute is under way, for instance: the bank decides then."""

    status = 409
    code = "refund_refused"

    def __init__(self) -> None:
        super().__init__(
            _("Our payment provider does not refund this payment, perhaps because it is disputed. No money was moved.")
        )


def of_invoice(organization: Organization, number: str) -> Payment:
    """The payment that settled an invoice, for `refund`. Raises PaymentNotFound."""
    mine = Payment.of(organization).where(Payment.purpose == INVOICE, Payment.reference == number)
    paid = mine.where(Payment.status == PaymentStatus.SUCCEEDED).order_by(Payment.created_at.desc()).limit(1)
    payment = db.session.scalar(paid)
    if payment is None:
        raise service.PaymentNotFound()
    return payment


def refund(payment: Payment, amount: Money | None, reason: Reason, token: str) -> Refund:
    """Give back `amount`, or all that is left, and absorb what came of it.

    `token` is the form's one-use token: the same one never refunds twice. Raises NothingToRefund, RefundTooLarge,
    RefundRefused, Busy, IntentMismatch, GatewayUnavailable (the same token finds out whether it was heard).
    """
    organization = db.session.get_one(Organization, payment.organization_id)
    key = f"refund:{payment.stripe_id}:{token}"
    with leases.hold(service.lease(payment), service.LEASE_SECONDS):
        made = intents.outcome(key)
        is_new = made is None
        if made is None:
            if not intents.was_tried(key):
                _check(amount, gateway.retrieve(payment.stripe_id))
            made = _give_back(key, payment, amount, reason)
        record = gateway.retrieve(payment.stripe_id)
        payment = service.absorb(organization, record, (payment.purpose, payment.reference))
        found = db.session.scalars(select(Refund).where(Refund.stripe_id == made)).one()
        if is_new:
            data = {"amount": found.amount, "currency": found.currency, "reason": reason, "payment": payment.public_id}
            audit.write("refund.ordered", found.public_id, organization_id=organization.id, data=data)
    return found


def _check(amount: Money | None, record: gateway.PaymentRecord) -> None:
    left = Money(record.refundable, record.currency)
    if left.amount <= 0:
        raise NothingToRefund()
    if amount is not None and (amount.currency != left.currency or not 0 < amount.amount <= left.amount):
        raise RefundTooLarge(left)


def _give_back(key: str, payment: Payment, amount: Money | None, reason: Reason) -> str:
    labels = {"payment": payment.public_id}
    try:
        return refunds.create(key, payment.stripe_id, amount.amount if amount else None, reason, labels)
    except GatewayRefused as refusal:
        raise RefundRefused() from refusal
