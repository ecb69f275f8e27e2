"""Whose a customer at Stripe is."""

from collections.abc import Collection

from sqlalchemy import select

from app.core.extensions import db

from .models import Organization


def owners(customers: Collection[str | None]) -> dict[str, int]:
    """Ids of organizations by customer, of those that are ours. One statement."""
    mine = select(Organization.stripe_customer_id, Organization.id)
    rows = db.session.execute(mine.where(Organization.stripe_customer_id.in_(set(customers) - {None})))
    return {str(customer): owner for customer, owner in rows}
