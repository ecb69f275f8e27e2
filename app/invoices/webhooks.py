"""The door for Stripe: an event says which invoice to look at, nothing else is believed."""

from sqlalchemy import exists, select

from app.core.extensions import db
from app.gateway import payment_intents
from app.subscriptions import service as subscriptions

from . import service
from .models import FINAL, Invoice


def invoice_changed(stripe_id: str) -> None:
    service.sync(stripe_id)


def payment_intent_changed(stripe_id: str) -> None:
    """A payment may be all we ever hear about the invoice it pays, and about the subscription that begins or goes on with it."""
    paid = payment_intents.paid_invoice(stripe_id)
    if paid is None:
        return
    found = None if _is_final(paid.stripe_id) else service.fetch(paid.stripe_id)  # before anything is written
    if paid.subscription is not None:
        subscriptions.sync(paid.subscription)
    if found is not None:
        service.receive(*found)


def _is_final(stripe_id: str) -> bool:
    """Whether our row of an invoice says all that can become of it."""
    return bool(db.session.scalar(select(exists().where(Invoice.stripe_id == stripe_id, Invoice.status.in_(FINAL)))))
