"""At most one offer that fits the reason for leaving, and a discount at most once a year."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from app.audit import service as audit
from app.catalog import service as catalog
from app.catalog import tree
from app.catalog.models import Interval, PlanKind
from app.core import clock
from app.core.errors import PortalError
from app.core.extensions import Model, db
from app.core.money import Money
from app.gateway import intents, previews, promotions, subscription_changes
from app.gateway.errors import GatewayNotFound, GatewayRefused, GatewayUnavailable
from app.organizations.models import Organization
from app.promotions import words
from app.subscriptions import service
from app.subscriptions.models import Subscription
from app.subscriptions.states import Status

AGAIN_AFTER = timedelta(days=365)
"""How long after an accepted discount there is no other."""
CONTACT = {"missing_features", "customer_service", "low_quality", "too_complex"}


class OfferGone(PortalError):
    """Nothing was changed and nothing was canceled."""

    status = 409
    code = "offer_gone"

    def __init__(self) -> None:
        super().__init__(_("This offer is no longer as you saw it. Nothing was changed and nothing was canceled."))


class AcceptedOffer(Model):
    """A discount taken instead of leaving. `next_amount` in minor units of `currency` is the charge shown for `next_at`.

    `ordinal` counts those of an organization: of two accepted at the same instant one breaks the unique constraint.
    """

    __tablename__ = "accepted_offers"
    __table_args__ = (UniqueConstraint("organization_id", "ordinal"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    ordinal: Mapped[int]
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"))
    coupon: Mapped[str]
    currency: Mapped[str]
    next_amount: Mapped[int]
    next_at: Mapped[datetime]
    accepted_at: Mapped[datetime]

    @property
    def next(self) -> Money:
        return Money(self.next_amount, self.currency)


class Kind(StrEnum):
    DISCOUNT = "discount"
    CHEAPER = "cheaper"
    PAUSE = "pause"
    CONTACT = "contact"


@dataclass(frozen=True)
class Discount:
    """`off` in words, and the next charge without and with it."""

    off: str
    usual: Money
    next: Money
    next_at: datetime


@dataclass(frozen=True)
class Offer:
    """What is held out; `discount` and `plan` with its `price` where the kind has them."""

    kind: Kind
    discount: Discount | None = None
    plan: tree.Plan | None = None
    price: tree.Price | None = None


def offer(organization: Organization, subscription: Subscription, feedback: str) -> Offer | None:
    """The one offer for this reason, None for none. Asks Stripe twice when there is a discount to show."""
    if feedback in CONTACT:
        return Offer(Kind.CONTACT)
    if feedback == "unused":
        return Offer(Kind.PAUSE) if subscription.can_pause else None
    if feedback != "too_expensive" or not _can_change(subscription):
        return None
    found = _discount(organization, subscription)
    return Offer(Kind.DISCOUNT, discount=found) if found else _cheaper(subscription)


def accept(organization: Organization, *, shown: int, token: str) -> AcceptedOffer:
    """Take the discount, whose next charge was `shown` (minor units), once per one-use `token`. Raises OfferGone."""
    with service.alone(organization):
        subscription = service.running(organization)
        key = f"subscription-offer:{subscription.public_id}:{token}"
        known = latest(organization)
        if known is not None and intents.outcome(key):
            return known
        found = _discount(organization, subscription) if _can_change(subscription) else None
        if found is None or found.next.amount != shown:
            raise OfferGone()
        record = subscription_changes.add_coupon(key, subscription.stripe_id, _coupon(), _kept(subscription))
        subscription = service.absorb(organization, record)
        return _remember(organization, subscription, found)


def latest(organization: Organization) -> AcceptedOffer | None:
    """The discount they took last."""
    mine = select(AcceptedOffer).where(AcceptedOffer.organization_id == organization.id)
    return db.session.scalar(mine.order_by(AcceptedOffer.ordinal.desc()).limit(1))


def _can_change(subscription: Subscription) -> bool:
    """Whether a discount or another plan would reach the next charge undisturbed."""
    is_plain = subscription.status in {Status.ACTIVE, Status.TRIALING} and subscription.cancel_at is None
    return is_plain and not subscription.scheduled_at and not subscription.is_waiting and not subscription.is_pausing


def _coupon() -> str:
    return str(current_app.extensions["settings"].retention_coupon)


def _kept(subscription: Subscription) -> list[str]:
    return [discount["id"] for discount in subscription.discounts]


def _discount(organization: Organization, subscription: Subscription) -> Discount | None:
    """The operator's coupon with its effect; None when there is none, it is over, or one was taken within a year."""
    taken, coming = latest(organization), subscription.coming
    if not _coupon() or coming is None or (taken and clock.now() < taken.accepted_at + AGAIN_AFTER):
        return None
    usual = coming.amount
    customer, stripe_id, kept = str(organization.stripe_customer_id), subscription.stripe_id, _kept(subscription)
    try:
        coupon = promotions.coupon(_coupon())
        preview = previews.with_coupon(customer, stripe_id, coupon.stripe_id, kept) if coupon.is_valid else None
    except (GatewayNotFound, GatewayRefused, GatewayUnavailable):
        return None  # deleted, not for this currency or plan, or unknown right now: leaving waits for no offer
    if preview is None or preview.currency != usual.currency or preview.amount_due >= usual.amount:
        return None
    off = words.take_off(coupon.percent_off, coupon.amount_off(usual.currency))
    return Discount(
        f"{off} {words.lasting(coupon.duration, coupon.months)}", usual, preview.money(preview.amount_due), coming.at
    )


def _cheaper(subscription: Subscription) -> Offer | None:
    """The next cheaper plan of the same interval and currency."""
    held = subscription.price
    found = [
        (price.amount.amount, plan, price)
        for plan in catalog.current().offered
        if plan.kind is PlanKind.PAID and (price := plan.price(Interval(held.interval), held.currency))
    ]
    below = [each for each in found if each[0] < held.unit_amount]
    if not below:
        return None
    _amount, plan, price = max(below, key=lambda each: each[0])
    return Offer(Kind.CHEAPER, plan=plan, price=price)


def _remember(organization: Organization, subscription: Subscription, discount: Discount) -> AcceptedOffer:
    count = select(func.count()).where(AcceptedOffer.organization_id == organization.id)
    accepted = AcceptedOffer(
        organization_id=organization.id,
        ordinal=(db.session.scalar(count) or 0) + 1,
        subscription_id=subscription.id,
        coupon=_coupon(),
        currency=discount.next.currency,
        next_amount=discount.next.amount,
        next_at=discount.next_at,
        accepted_at=clock.now(),
    )
    db.session.add(accepted)
    db.session.flush()
    data = {"coupon": accepted.coupon, "amount": accepted.next_amount, "currency": accepted.currency}
    audit.write("subscription.offer_accepted", subscription.public_id, organization_id=organization.id, data=data)
    return accepted
