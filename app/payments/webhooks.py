"""The door for Stripe: an event says which payment to look at, nothing else is believed."""

from app.gateway import payments as gateway

from . import service


def payment_changed(stripe_id: str) -> None:
    service.sync(stripe_id)


def charge_or_refund_changed(stripe_id: str) -> None:
    payment = gateway.intent_of(stripe_id)
    if payment is not None:
        service.sync(payment)
