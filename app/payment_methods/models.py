"""The cards an organization has saved at Stripe, as far as people need to tell them apart."""

from datetime import UTC, datetime, timedelta
from typing import Self

from sqlalchemy import ForeignKey, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock, ids
from app.core.extensions import Model
from app.core.money import Money
from app.organizations.models import Organization

MONTHS_AHEAD = {0: "this_month", 1: "next_month"}


class PaymentMethod(Model):
    """Brand, last four and expiry; the number never reaches us. `synced_at` is machine time: when Stripe was asked."""

    __tablename__ = "payment_methods"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("pm"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    stripe_id: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    brand: Mapped[str]
    last4: Mapped[str]
    exp_month: Mapped[int | None]
    exp_year: Mapped[int | None]
    fingerprint: Mapped[str | None]
    is_default: Mapped[bool]
    synced_at: Mapped[datetime]

    @classmethod
    def of(cls, organization: Organization) -> "Select[Self]":
        return select(cls).where(cls.organization_id == organization.id).order_by(cls.is_default.desc(), cls.id)

    @property
    def label(self) -> str:
        """Visa •••• 4242"""
        return f"{self.brand.replace('_', ' ').title()} •••• {self.last4}" if self.last4 else self.type

    @property
    def expiry(self) -> str:
        """12/2040, as printed on the card; "" for what does not expire."""
        return f"{self.exp_month:02}/{self.exp_year}" if self.exp_month and self.exp_year else ""

    @property
    def expires_at(self) -> datetime | None:
        """The first instant it is no longer good: a card is valid to the end of its month."""
        if not self.exp_month or not self.exp_year:
            return None
        return datetime(self.exp_year + self.exp_month // 12, self.exp_month % 12 + 1, 1, tzinfo=UTC)

    @property
    def warning(self) -> str | None:
        """`expired`, `this_month` or `next_month`; None while there is time."""
        if not self.exp_month or not self.exp_year:
            return None
        today = clock.now()
        months = (self.exp_year - today.year) * 12 + self.exp_month - today.month
        return "expired" if months < 0 else MONTHS_AHEAD.get(months)

    @property
    def warn_at(self) -> datetime | None:
        """When its owner is told by mail."""
        return self.expires_at - timedelta(days=30) if self.expires_at else None


class CardsSync(Model):
    """When Stripe was asked for what stands in an organization's cards, as machine time: an older answer changes nothing.

    A row of its own, because a card that was removed leaves none to compare with.
    """

    __tablename__ = "payment_method_syncs"

    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"), primary_key=True)
    asked_at: Mapped[datetime]


class InvoiceTry(Model):
    """An overdue invoice that a new default card was tried on, and what came of it; `token` names the deed.

    `amount` is in minor units, `result` a word of `invoices.paying` or `unknown`, `sentence` for the customer.
    """

    __tablename__ = "payment_method_tries"
    __table_args__ = (UniqueConstraint("organization_id", "token", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    token: Mapped[str]
    number: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    result: Mapped[str]
    sentence: Mapped[str]
    tried_at: Mapped[datetime] = mapped_column(default=clock.now)

    @classmethod
    def of(cls, organization: Organization, token: str) -> "Select[Self]":
        return select(cls).where(cls.organization_id == organization.id, cls.token == token).order_by(cls.id)

    @property
    def total(self) -> Money:
        return Money(self.amount, self.currency)
