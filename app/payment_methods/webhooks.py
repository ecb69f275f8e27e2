"""Door 3, Stripe: a card was saved, attached, renewed or taken away."""

from sqlalchemy import select

from app.core.extensions import db
from app.core.transactions import commit
from app.gateway import payment_intents
from app.gateway import payment_methods as gateway
from app.organizations.models import Organization

from . import adding, service
from .models import PaymentMethod


def payment_method_changed(stripe_id: str) -> None:
    if customer := _owner(stripe_id):
        service.sync(customer)


def payment_method_renewed(stripe_id: str) -> None:
    """The card's bank sent new plastic, and the network told Stripe."""
    if customer := _owner(stripe_id):
        service.sync(customer, by_bank=True)


def _owner(stripe_id: str) -> str | None:
    """A detached card no longer says whose it was, so we look at whose it was here."""
    customer = gateway.retrieve(stripe_id).customer
    if customer is not None:
        return customer
    owner = select(Organization.stripe_customer_id).join(
        PaymentMethod, PaymentMethod.organization_id == Organization.id
    )
    return db.session.scalar(owner.where(PaymentMethod.stripe_id == stripe_id))


def customer_changed(stripe_id: str) -> None:
    service.sync(stripe_id)


def card_saved(stripe_id: str) -> None:
    """The browser may never come back to tell us what it saved a card for."""
    intent = payment_intents.retrieve(stripe_id)
    if not intent.is_done or intent.customer is None:
        return
    organization = db.session.scalar(select(Organization).where(Organization.stripe_customer_id == intent.customer))
    if organization is not None:
        adding.absorb(organization, intent, commit)
