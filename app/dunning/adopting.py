"""Renewals that failed while nobody followed them: before this portal was there, or when their event never came."""

from sqlalchemy import exists, select

from app.core import tasks
from app.core.extensions import db
from app.invoices.models import Invoice, InvoiceStatus
from app.invoices.standing import RENEWALS
from app.subscriptions.models import Subscription
from app.subscriptions.states import Status

from .models import DunningCase


def look() -> None:
    """Have each fetched anew, once, which opens its case; only what a subscription is past due for by now."""
    found = select(Invoice.stripe_id).join(Subscription, Subscription.latest_invoice == Invoice.stripe_id)
    found = found.where(Subscription.status.in_([Status.PAST_DUE, Status.UNPAID]))
    unpaid = Invoice.status == InvoiceStatus.OPEN, Invoice.attempt_count > 0, Invoice.billing_reason.in_(RENEWALS)
    unfollowed = ~exists().where(DunningCase.invoice_id == Invoice.id)
    for stripe_id in db.session.scalars(found.where(*unpaid, unfollowed)).all():
        tasks.record("follow_renewal", stripe_id, {"invoice": stripe_id})
