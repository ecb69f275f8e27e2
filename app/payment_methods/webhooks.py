"""Door 3, Stripe: a card was attached, renewed or taken away."""

from sqlalchemy import select

from app.core.extensions import db
from app.gateway import payment_methods as gateway
from app.organizations.models import Organization

from . import service
from .models import PaymentMethod


def payment_method_changed(stripe_id: str) -> None:
    """A detached card no longer says whose it was, so we look at whose it was here."""
    customer = gateway.retrieve(stripe_id).customer
    if customer is None:
        owner = select(Organization.stripe_customer_id).join(
            PaymentMethod, PaymentMethod.organization_id == Organization.id
        )
        customer = db.session.scalar(owner.where(PaymentMethod.stripe_id == stripe_id))
    if customer is not None:
        service.sync(customer)


def customer_changed(stripe_id: str) -> None:
    service.sync(stripe_id)
