"""The mirror of an organization's cards."""

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, ids
from app.core.extensions import db
from app.gateway import customers
from app.gateway import payment_methods as gateway
from app.organizations.models import Organization

from .models import PaymentMethod

MIRRORED = ["type", "brand", "last4", "exp_month", "exp_year", "fingerprint"]


def sync(customer: str) -> None:
    """Fetch a customer's cards from Stripe and absorb them; nothing for a customer who is not ours."""
    organization = db.session.scalar(select(Organization).where(Organization.stripe_customer_id == customer))
    if organization is None:
        return
    owner = customers.retrieve(customer)
    records = [] if owner.is_deleted else gateway.of_customer(customer)
    for record in records:
        values = {name: getattr(record, name) for name in MIRRORED}
        values |= {"is_default": record.stripe_id == owner.default_payment_method, "synced_at": clock.now()}
        row = {"public_id": ids.new("pm"), "organization_id": organization.id, "stripe_id": record.stripe_id}
        upsert = insert(PaymentMethod).values(**row, **values)
        db.session.execute(upsert.on_conflict_do_update(index_elements=[PaymentMethod.stripe_id], set_=values))
    kept = [record.stripe_id for record in records]
    gone = delete(PaymentMethod).where(PaymentMethod.organization_id == organization.id)
    db.session.execute(gone.where(PaymentMethod.stripe_id.not_in(kept)))
