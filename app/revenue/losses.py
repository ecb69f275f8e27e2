"""What went wrong in a period: who canceled and why, and whose payment failed."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select

from app.core.extensions import db
from app.core.money import Money
from app.invoices.models import Invoice, InvoiceStatus
from app.payments.models import INVOICE, Attempt, Payment
from app.subscriptions.models import Subscription

from .periods import Period


@dataclass(frozen=True)
class Failed:
    """Invoices in one currency with a payment that failed, and what is still unpaid of them."""

    invoices: int
    unpaid: Money


def canceled(period: Period) -> ColumnElement[bool]:
    """Subscriptions whose cancellation was asked for in the period, or that were ended in it without one."""
    within = and_(Subscription.canceled_at >= period.begins_at, Subscription.canceled_at < period.ends_at)
    return within & Subscription.began_at.is_not(None)


def reasons(period: Period) -> dict[str, int]:
    """How many canceled by Stripe's eight reasons, most first; "" is for those who gave none. One statement."""
    count = func.count().label("number")
    reason = func.coalesce(Subscription.feedback, "").label("reason")
    found = select(reason, count).where(canceled(period)).group_by("reason").order_by(count.desc(), "reason")
    return {row.reason: row.number for row in db.session.execute(found)}


def has_failed(period: Period) -> ColumnElement[bool]:
    """Invoices for which a card was refused in the period, whatever became of them."""
    is_its = and_(Invoice.organization_id == Payment.organization_id, Invoice.number == Payment.reference)
    within = and_(Attempt.made_at >= period.begins_at, Attempt.made_at < period.ends_at, Attempt.status == "failed")
    refused = select(Invoice.id).select_from(Attempt).join(Payment, Payment.id == Attempt.payment_id)
    return Invoice.id.in_(refused.join(Invoice, is_its).where(within, Payment.purpose == INVOICE))


def failed(period: Period) -> list[Failed]:
    """Per currency. One statement."""
    is_open = Invoice.status.in_({InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE})
    unpaid = func.coalesce(func.sum(Invoice.remaining_amount).filter(is_open), 0)
    found = select(Invoice.currency, func.count(), unpaid).where(has_failed(period))
    rows = db.session.execute(found.group_by(Invoice.currency).order_by(func.count().desc(), Invoice.currency))
    return [Failed(count, Money(int(left), currency)) for currency, count, left in rows]
