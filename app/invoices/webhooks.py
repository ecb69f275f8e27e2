"""The door for Stripe: an event says which invoice to look at, nothing else is believed."""

from app.gateway import payment_intents

from . import service


def invoice_changed(stripe_id: str) -> None:
    service.sync(stripe_id)


def payment_intent_changed(stripe_id: str) -> None:
    """A payment may be all we ever hear about the invoice it pays."""
    invoice = payment_intents.invoice_of(stripe_id)
    if invoice is not None:
        service.sync(invoice)
