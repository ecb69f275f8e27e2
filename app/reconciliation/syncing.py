"""Fetch everything of one customer from Stripe, because somebody wants to be sure."""

from sqlalchemy import select

from app.audit import service as audit
from app.core import clock, tasks
from app.core.extensions import db
from app.gateway import subscriptions
from app.invoices.models import FINAL, Invoice
from app.organizations.models import Organization
from app.payments.models import Payment
from app.subscriptions.models import Subscription
from app.subscriptions.states import LIVE

LATEST = 5
"""How many of the latest invoices and payments are looked at, beside those that are still open."""


def ask(organization: Organization) -> int:
    """Have workers fetch a customer; answers 0 for one who was never at Stripe."""
    if organization.stripe_customer_id is None:
        return 0
    audit.write("customer.sync_asked", organization.public_id, organization_id=organization.id)
    occasion = clock.wall().isoformat()
    what = {"organization": organization.id, "occasion": occasion}
    tasks.record("sync_customer", f"{organization.public_id}:{occasion}", what)
    return 1


def spread(organization_id: int, occasion: str) -> None:
    """Record a fetch for the customer and for each thing of theirs that we or Stripe know of. Raises GatewayUnavailable."""
    organization = db.session.get_one(Organization, organization_id)
    customer = str(organization.stripe_customer_id)
    found = {record.stripe_id for record in subscriptions.of_customer(customer)}
    wanted = [("customer", customer)]
    wanted += [("subscription", stripe_id) for stripe_id in sorted(found | _subscriptions(organization))]
    wanted += [("invoice", stripe_id) for stripe_id in sorted(_invoices(organization))]
    wanted += [("payment_intent", stripe_id) for stripe_id in _payments(organization)]
    for object_type, stripe_id in wanted:
        tasks.record("sync_object", f"{stripe_id}:{occasion}", {"object_type": object_type, "stripe_id": stripe_id})


def _subscriptions(organization: Organization) -> set[str]:
    live = (Subscription.organization_id == organization.id) & Subscription.status.in_(LIVE)
    return set(db.session.scalars(select(Subscription.stripe_id).where(live)))


def _invoices(organization: Organization) -> set[str]:
    mine = select(Invoice.stripe_id).where(Invoice.organization_id == organization.id)
    latest = db.session.scalars(mine.order_by(Invoice.issued_at.desc(), Invoice.id.desc()).limit(LATEST))
    return {*latest, *db.session.scalars(mine.where(Invoice.status.not_in(FINAL)))}


def _payments(organization: Organization) -> list[str]:
    mine = select(Payment.stripe_id).where(Payment.organization_id == organization.id)
    return list(db.session.scalars(mine.order_by(Payment.created_at.desc(), Payment.id.desc()).limit(LATEST)))
