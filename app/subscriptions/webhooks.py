"""Door 3, Stripe: an event is a doorbell; fetch the truth and absorb it."""

from sqlalchemy import select

from app.core import tasks
from app.core.extensions import db
from app.core.logs import log
from app.gateway import payment_intents
from app.organizations.models import Organization

from . import service
from .purchases import checkout
from .trial_cards import TrialCardUsed


def subscription_changed(stripe_id: str) -> None:
    service.sync(stripe_id)


def next_charge_changed(customer: str) -> None:
    """Another address of the customer, or another balance, may mean another amount next time."""
    organization = db.session.scalar(select(Organization).where(Organization.stripe_customer_id == customer))
    subscription = service.latest(organization) if organization else None
    if subscription is not None and subscription.is_running:
        refresh = {"subscription": subscription.id, "version": subscription.version}
        key = f"{subscription.public_id}:{subscription.version}:again"
        tasks.record_anew("refresh_next_charge", key, refresh)


def setup_intent_changed(stripe_id: str) -> None:
    """A saved card may be all we ever hear about the subscription it is for."""
    intent = payment_intents.retrieve(stripe_id)
    if not intent.is_done or intent.customer is None:
        return
    organization = db.session.scalar(select(Organization).where(Organization.stripe_customer_id == intent.customer))
    if organization is None:
        return
    try:
        checkout.absorb_intent(organization, intent)
    except (checkout.TrialNotBegun, TrialCardUsed) as refusal:
        log.info("trial not begun", intent=stripe_id, code=refusal.code)
