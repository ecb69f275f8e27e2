"""Door 3, Stripe: an event is a doorbell; fetch the truth and absorb it."""

from sqlalchemy import select

from app.core.extensions import db
from app.gateway import payment_intents
from app.organizations.models import Organization

from . import checkout, service


def subscription_changed(stripe_id: str) -> None:
    service.sync(stripe_id)


def intent_changed(stripe_id: str) -> None:
    """A payment or a saved card may be all we ever hear about the subscription it began."""
    intent = payment_intents.retrieve(stripe_id)
    if not intent.is_done or intent.customer is None:
        return
    organization = db.session.scalar(select(Organization).where(Organization.stripe_customer_id == intent.customer))
    if organization is not None:
        checkout.absorb_intent(organization, intent)
