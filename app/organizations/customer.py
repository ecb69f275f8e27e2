"""The Stripe customer of an organization: made once, claimed once."""

from sqlalchemy import update
from sqlalchemy.orm.attributes import set_committed_value

from app.core.transactions import apart
from app.gateway import customers as gateway

from .models import Organization


def ensure(organization: Organization, *, name: str, country: str, email: str, token: str) -> str:
    """Stripe's id of this organization's customer, billed to `name` in `country` (ISO 3166) from now on.

    The claim is written on a connection of its own: it must outlive a page that fails later, or the next try would
    make a second customer. `token` names this try, so that its update is sent once.
    """
    known = organization.stripe_customer_id
    if known is None:
        known = gateway.create(f"customer-create:{organization.public_id}", organization.public_id)
    if (organization.stripe_customer_id, organization.billing_name, organization.country) == (known, name, country):
        return known
    gateway.update(f"customer-update:{organization.public_id}:{token}", known, name=name, country=country, email=email)
    claim = {"stripe_customer_id": known, "billing_name": name, "country": country}
    with apart() as session:
        session.execute(update(Organization).where(Organization.id == organization.id).values(**claim))
    for field, value in claim.items():
        set_committed_value(organization, field, value)
    return known
