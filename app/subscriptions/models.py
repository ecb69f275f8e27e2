"""The mirror of a subscription at Stripe, and what we remember beside it."""

from datetime import datetime, timedelta
from typing import Any, Self

from flask import current_app
from sqlalchemy import ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from app.catalog.models import Price
from app.core import clock, ids
from app.core.extensions import Model
from app.core.money import Money
from app.organizations.models import Organization
from app.promotions.words import Standing, standing

from . import next_charge
from .next_charge import NextCharge
from .states import LIVE, RUNNING, PortalState, Status, portal_state


class Subscription(Model):
    """Written only by `service.absorb`, from what Stripe answered; instants are business time, UTC.

    But `synced_at` is machine time: when Stripe was asked for what stands here. `price_since` is None as long as it has the
    price it began with.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        Index(
            "uq_subscriptions_one_live_per_organization",
            "organization_id",
            unique=True,
            postgresql_where=f"status IN ({', '.join(repr(str(status)) for status in sorted(LIVE))})",
        ),
        Index("ix_subscriptions_organization", "organization_id", "started_at"),
        Index("ix_subscriptions_started", "started_at", "id"),
        Index("ix_subscriptions_canceled", "canceled_at", postgresql_where="canceled_at IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("sub"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    stripe_id: Mapped[str] = mapped_column(unique=True)
    price_id: Mapped[int] = mapped_column(ForeignKey("prices.id"))
    price_since: Mapped[datetime | None]
    status: Mapped[str]
    quantity: Mapped[int]
    started_at: Mapped[datetime]
    current_period_start: Mapped[datetime]
    current_period_end: Mapped[datetime]
    trial_end: Mapped[datetime | None]
    cancel_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    feedback: Mapped[str | None]
    comment: Mapped[str | None]
    default_payment_method: Mapped[str | None]
    without_card: Mapped[str | None]
    latest_invoice: Mapped[str | None]
    item: Mapped[str | None]
    schedule: Mapped[str | None]
    scheduled_price_id: Mapped[int | None] = mapped_column(ForeignKey("prices.id"))
    scheduled_quantity: Mapped[int | None]
    scheduled_at: Mapped[datetime | None]
    pending_price_id: Mapped[int | None] = mapped_column(ForeignKey("prices.id"))
    pending_quantity: Mapped[int | None]
    pending_expires_at: Mapped[datetime | None]
    paused_because: Mapped[str | None]
    discounts: Mapped[list[Any]] = mapped_column(default=list)
    promotion_code: Mapped[str | None]
    began_at: Mapped[datetime | None]
    pauses_at: Mapped[datetime | None]
    resumes_at: Mapped[datetime | None]
    past_due_since: Mapped[datetime | None]
    next_charge: Mapped[dict[str, Any] | None]
    version: Mapped[int] = mapped_column(default=0)
    synced_at: Mapped[datetime]

    price: Mapped[Price] = relationship(lazy="raise", foreign_keys=[price_id])
    scheduled_price: Mapped[Price | None] = relationship(lazy="raise", foreign_keys=[scheduled_price_id])
    pending_price: Mapped[Price | None] = relationship(lazy="raise", foreign_keys=[pending_price_id])
    organization: Mapped[Organization] = relationship(lazy="raise")

    @classmethod
    def of(cls, organization: Organization) -> "Select[Self]":
        """This organization's, newest first, with its prices and their plans: today's, the next one, the one not yet paid."""
        prices = (cls.price, cls.scheduled_price, cls.pending_price)
        mine = select(cls).where(cls.organization_id == organization.id)
        mine = mine.options(*(joinedload(price).joinedload(Price.plan) for price in prices))
        return mine.order_by(cls.started_at.desc(), cls.id.desc())

    @classmethod
    def latest_of(cls, organization: Organization) -> "Select[Self]":
        """The live one, or else the one of those that began which started last; none for who never had one."""
        is_live = cls.status.in_(LIVE)
        begun = cls.of(organization).where(is_live | cls.began_at.is_not(None)).order_by(None)
        return begun.order_by(is_live.desc(), cls.started_at.desc()).limit(1)

    @property
    def portal_state(self) -> PortalState:
        return portal_state(
            self.status,
            has_begun=self.began_at is not None,
            cancel_at=self.cancel_at,
            changes_at=self.scheduled_at,
            pauses_at=self.pauses_at,
            access_ends_at=self.access_ends_at,
            now=clock.now(),
        )

    @property
    def access_ends_at(self) -> datetime | None:
        """When a failed renewal that is still unpaid restricts access; None where none failed."""
        grace = timedelta(days=current_app.extensions["settings"].grace_period_days)
        return self.past_due_since + grace if self.past_due_since else None

    @property
    def is_running(self) -> bool:
        """Live and begun: not waiting for its first payment."""
        return self.status in RUNNING

    @property
    def is_incomplete(self) -> bool:
        return self.status == Status.INCOMPLETE

    @property
    def is_trialing(self) -> bool:
        return self.status == Status.TRIALING

    @property
    def is_trial_over(self) -> bool:
        """It rests because its trial ended without a card; one brings it back."""
        return self.status == Status.PAUSED and self.paused_because == "trial_end_without_payment_method"

    @property
    def is_past_due(self) -> bool:
        return self.status == Status.PAST_DUE

    @property
    def is_canceling(self) -> bool:
        return self.is_running and self.cancel_at is not None

    @property
    def can_cancel(self) -> bool:
        return self.is_running and self.cancel_at is None

    @property
    def can_keep(self) -> bool:
        """Undo is open until the last minute."""
        return self.is_canceling and self.cancel_at is not None and clock.now() < self.cancel_at

    @property
    def can_pause(self) -> bool:
        is_plain = self.status == Status.ACTIVE and self.cancel_at is None and self.scheduled_at is None
        return is_plain and not self.is_waiting and self.pauses_at is None

    @property
    def is_pausing(self) -> bool:
        """A pause is planned and can still be taken back."""
        return self.pauses_at is not None and clock.now() < self.pauses_at and not self.has_moot_pause

    @property
    def has_moot_pause(self) -> bool:
        """Something else came in the way of a planned pause: an end, another plan, another period, a return."""
        if self.pauses_at is None or self.status == Status.PAUSED:
            return False
        is_plain = self.status == Status.ACTIVE and self.cancel_at is None and self.scheduled_at is None
        return not is_plain or self.pauses_at not in {self.current_period_start, self.current_period_end}

    @property
    def returns_at(self) -> datetime | None:
        """When a paused plan comes back by itself."""
        return self.resumes_at if self.status == Status.PAUSED else None

    @property
    def is_waiting(self) -> bool:
        """A change waits for its payment; until then the old plan stays."""
        return self.pending_price is not None

    @property
    def amount(self) -> Money:
        """The plan's price for one period, before tax and discounts."""
        return Money(self.price.unit_amount, self.price.currency) * self.quantity

    @property
    def scheduled_amount(self) -> Money | None:
        """The same of the plan that comes with the next period."""
        return _times(self.scheduled_price, self.scheduled_quantity)

    @property
    def standing_discounts(self) -> list[Standing]:
        """What is taken off from now on, in words."""
        return [standing(discount) for discount in self.discounts]

    @property
    def can_take_a_code(self) -> bool:
        """A discount would reach the next charge: there is one, and nothing is under way that would forget it."""
        is_plain = self.status in {Status.ACTIVE, Status.TRIALING} and self.cancel_at is None
        return is_plain and self.scheduled_at is None and not self.is_waiting and not self.is_pausing

    @property
    def can_buy_again(self) -> bool:
        """Its price is still sold, so checkout may be offered for it; otherwise the list of plans."""
        return self.price.is_for_sale

    @property
    def charge_basis(self) -> dict[str, Any]:
        """What the next charge is worked out from."""
        return {
            "now": [self.price_id, self.quantity],
            "then": [self.scheduled_price_id, self.scheduled_quantity],
            "at": self.current_period_end.isoformat(),
            "discounts": [discount["id"] for discount in self.discounts],
        }

    @property
    def coming(self) -> NextCharge | None:
        """What Stripe said the next charge will be; None when nothing more will be charged, and while it is asked anew."""
        return None if self.is_pausing else next_charge.read(self.next_charge, self.charge_basis)

    @property
    def awaits_charge(self) -> bool:
        """There will be a next charge, and Stripe is being asked for it."""
        goes_on = self.is_running and self.cancel_at is None and self.pauses_at is None
        return goes_on and self.status != Status.PAUSED and self.coming is None


def _times(price: Price | None, quantity: int | None) -> Money | None:
    return Money(price.unit_amount, price.currency) * (quantity or 1) if price else None
