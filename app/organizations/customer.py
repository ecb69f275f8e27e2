"""The Stripe customer of an organization: made once, claimed once."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm.attributes import set_committed_value

from app.audit import service as audit
from app.core import leases
from app.core.extensions import db
from app.core.transactions import apart
from app.gateway import customers as gateway
from app.gateway.customers import ADDRESS

from . import billing, tax_ids
from .models import Organization


def ensure(organization: Organization, *, name: str, country: str, email: str, token: str) -> str:
    """Stripe's id of this organization's customer, billed to `name` in `country` (ISO 3166) from now on.

    Name and country are two of the billing details; the others go along, with the tax numbers entered so far. Another
    country than before drops the rest of the address, which was one in the former. `token` names this try, so that its
    update is sent once.
    """
    known, is_same = organization.stripe_customer_id, (name, country) == _billed(organization)
    if known is not None and is_same and not tax_ids.waiting(organization):
        return known
    with leases.hold(billing.lease(organization), billing.LEASE_SECONDS):
        key = f"customer-update:{organization.public_id}:{token}"
        stripe_id = known or gateway.create(f"customer-create:{organization.public_id}", organization.public_id)
        if known is None or not is_same:
            _claim(organization, stripe_id, _bill_to(organization, key, stripe_id, name, country, email))
        tax_ids.send_waiting(organization, stripe_id)
    return stripe_id


def _billed(organization: Organization) -> tuple[str | None, str | None]:
    return organization.billing_name, organization.country


def _bill_to(
    organization: Organization, key: str, stripe_id: str, name: str, country: str, email: str
) -> dict[str, Any]:
    saved = select(Organization).where(Organization.id == organization.id).execution_options(populate_existing=True)
    row = db.session.scalars(saved).one()
    parts = {part: getattr(row, part) or "" for part in ADDRESS} if row.country in (None, country) else {}
    address, order = parts | {"country": country}, row.purchase_order or ""
    record = gateway.bill_to(key, stripe_id, name=name, address=address, purchase_order=order, email=email)
    return billing.columns(record)


def _claim(organization: Organization, stripe_id: str, answer: dict[str, Any]) -> None:
    """Written on a connection of its own: it must outlive a page that fails later, or the next try makes a second customer."""
    values = {"stripe_customer_id": stripe_id, **answer}
    names = sorted(name for name, value in answer.items() if getattr(organization, name) != value)
    if organization.billing_name and names:  # else said for the first time, which is no change
        audit.write_apart(
            "organization.billing_changed",
            organization.public_id,
            organization_id=organization.id,
            data={"fields": names},
        )
    with apart() as session:
        session.execute(update(Organization).where(Organization.id == organization.id).values(**values))
    for field, value in values.items():
        set_committed_value(organization, field, value)
