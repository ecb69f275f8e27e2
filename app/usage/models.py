"""What was counted: each event once, and what events add up to by window and by day.

Events are never read to answer a question: totals and days are written in the same transaction.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import ids
from app.core.extensions import Model
from app.organizations.models import Organization


class UsageEvent(Model):
    """`occurred_at` is when it happened, or when it was first heard of where the sender did not say (`is_timed` False).

    No foreign keys: each would be looked up for every single event.
    """

    __tablename__ = "usage_events"

    organization_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    meter_key: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(Numeric())
    occurred_at: Mapped[datetime]
    is_timed: Mapped[bool]


class Total(Model):
    """What a meter counted in one window, [begins_at, ends_at) in business time; `ends_at` None never ends.

    `latest_at` and `latest_id` are of the event that happened last, which a level is read from. `included` is how much the
    plan included when it was last counted, None where nothing beyond is sold; `sold` is how much beyond was handed to
    Stripe or settled by staff, in `sales` attempts, the last of them at `sold_at`; `price` is Stripe's id of what bills it.
    """

    __tablename__ = "usage_totals"
    __table_args__ = (UniqueConstraint("organization_id", "meter_key", "begins_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    meter_key: Mapped[str]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    used: Mapped[Decimal] = mapped_column(Numeric())
    latest_at: Mapped[datetime]
    latest_id: Mapped[str]
    counted_at: Mapped[datetime]
    included: Mapped[Decimal | None] = mapped_column(Numeric())
    sold: Mapped[Decimal] = mapped_column(Numeric(), default=0, server_default="0")
    sales: Mapped[int] = mapped_column(default=0, server_default="0")
    sold_at: Mapped[datetime | None]
    price: Mapped[str | None]

    @property
    def unsold(self) -> Decimal:
        """What was used beyond the included amount and not handed to Stripe yet."""
        return Decimal(0) if self.included is None else max(self.used - self.included - self.sold, Decimal(0))


class UsageDay(Model):
    """The same by day of the organization's time zone."""

    __tablename__ = "usage_days"

    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id), primary_key=True)
    meter_key: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    used: Mapped[Decimal] = mapped_column(Numeric())
    latest_at: Mapped[datetime]
    latest_id: Mapped[str]


class MeterBudget(Model):
    """How much of a meter an organization wants to use in a window, and what happens then; the values of `standing.Budget`.

    One that was removed stays, so that setting it again begins with what it was.
    """

    __tablename__ = "usage_budgets"
    __table_args__ = (UniqueConstraint("organization_id", "meter_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    meter_key: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Numeric())
    levels: Mapped[list[Any]]
    stops: Mapped[bool]
    removed_at: Mapped[datetime | None]


class Sale(Model):
    """An amount beyond the included one that is Stripe's to bill, reported at most once under its `public_id`.

    `at` is the instant it is reported for. Undelivered it may have reached Stripe or not; a total has one such at a time.
    """

    __tablename__ = "usage_sales"
    __table_args__ = (
        Index("uq_usage_sales_undelivered", "total_id", unique=True, postgresql_where="delivered_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("use"))
    total_id: Mapped[int] = mapped_column(ForeignKey(Total.id), index=True)
    quantity: Mapped[Decimal] = mapped_column(Numeric())
    at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
