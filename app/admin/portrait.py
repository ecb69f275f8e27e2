"""One customer as staff see them: everything there is, in a few statements however long they have been here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, select
from sqlalchemy.orm import contains_eager

from app.audit import service as audit
from app.auth.models import User
from app.core.extensions import db
from app.core.money import Money
from app.invoices.models import Invoice
from app.organizations.models import Membership, Organization
from app.overview import timeline
from app.overview.timeline import Step
from app.payments.models import Attempt, Payment
from app.revenue import book
from app.revenue.amounts import monthly
from app.revenue.models import Movement
from app.subscriptions.models import Subscription
from app.usage import showing
from app.usage.wording import MeterWords

from . import stripe_pages, unbilled

SENTENCES = {
    **timeline.SENTENCES,
    "customer.sync_asked": (_l("Staff had everything fetched from Stripe"), "quiet"),
    "usage.settled": (_l("Staff settled use that nobody billed"), "quiet"),
}
"""What customers see of their timeline, and what staff did about them."""
LATEST = 10
STEPS = 25


@dataclass(frozen=True)
class Portrait:
    """`subscription` is the live one or the last; `mrr` what it brings in a month."""

    organization: Organization
    subscription: Subscription | None
    mrr: Money | None
    usage: list[MeterWords]
    unbilled: Sequence[Row[Any]]
    people: Sequence[Row[Membership, User]]
    invoices: Sequence[Invoice]
    attempts: Sequence[Attempt]
    steps: list[Step]

    @property
    def at_stripe(self) -> str | None:
        """Their page in Stripe's dashboard."""
        customer = self.organization.stripe_customer_id
        return stripe_pages.address("customers", customer) if customer else None


def of(organization: Organization) -> Portrait:
    """Nine statements, one of them for the version of the catalogue."""
    subscription, annual = _subscription(organization)
    entries = audit.timeline(organization.id, STEPS, SENTENCES)
    return Portrait(
        organization=organization,
        subscription=subscription,
        mrr=monthly(annual, subscription.price.currency) if subscription and annual else None,
        usage=showing.board(organization).words,
        unbilled=unbilled.of(organization),
        people=db.session.execute(Membership.of(organization)).all(),
        invoices=_invoices(organization),
        attempts=_attempts(organization),
        steps=timeline.described(entries, SENTENCES),
    )


def _subscription(organization: Organization) -> tuple[Subscription | None, int]:
    latest = Subscription.latest_of(organization).add_columns(book.stood(Movement.annual_amount))
    found: Any = db.session.execute(latest).first()
    return (None, 0) if found is None else (found[0], found[1] or 0)


def _invoices(organization: Organization) -> Sequence[Invoice]:
    newest = Invoice.of(organization).order_by(Invoice.issued_at.desc(), Invoice.id.desc())
    return db.session.scalars(newest.limit(LATEST)).all()


def _attempts(organization: Organization) -> Sequence[Attempt]:
    newest = select(Attempt).join(Payment, Payment.id == Attempt.payment_id).options(contains_eager(Attempt.payment))
    newest = newest.where(Attempt.organization_id == organization.id)
    return db.session.scalars(newest.order_by(Attempt.made_at.desc(), Attempt.id.desc()).limit(LATEST)).all()
