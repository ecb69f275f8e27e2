"""What an organization sees first, read in three statements however much history there is."""

from dataclasses import dataclass

from sqlalchemy import select

from app.audit import service as audit
from app.audit.models import Entry
from app.core.extensions import db
from app.invoices.models import Invoice
from app.organizations.models import Organization
from app.payment_methods.models import PaymentMethod
from app.subscriptions.models import Subscription

from .timeline import SENTENCES

INVOICES = 5
ENTRIES = 10


@dataclass(frozen=True)
class Overview:
    """`card` is the one the next charge goes to, as far as it is known."""

    card: PaymentMethod | None
    invoices: list[Invoice]
    timeline: list[Entry]


def of(organization: Organization, subscription: Subscription | None) -> Overview:
    """What the home page shows beside the plan, in three statements."""
    latest = Invoice.of(organization).order_by(Invoice.issued_at.desc(), Invoice.id.desc()).limit(INVOICES)
    return Overview(
        card=_card(organization, subscription) if subscription and subscription.is_running else None,
        invoices=list(db.session.scalars(latest)),
        timeline=audit.timeline(organization.id, ENTRIES, SENTENCES),
    )


def _card(organization: Organization, subscription: Subscription) -> PaymentMethod | None:
    """The subscription's own card wins over the customer's default, as at Stripe."""
    own = PaymentMethod.stripe_id == subscription.default_payment_method
    mine = select(PaymentMethod).where(PaymentMethod.organization_id == organization.id, own | PaymentMethod.is_default)
    return db.session.scalar(mine.order_by(own.desc()).limit(1))
