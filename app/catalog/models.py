"""Tables of the catalogue: what is for sale, what comes with it and how use is counted.

Written only by `load.apply`. Plans, prices and meters are never deleted: what a catalogue no longer names is archived,
so that whoever bought it keeps its name, its limits and its price.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import ForeignKey, Numeric, Select, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from app.core import ids
from app.core.extensions import Model


class Visibility(StrEnum):
    PUBLIC = "public"
    HIDDEN = "hidden"


class PlanKind(StrEnum):
    FREE = "free"  # what holds while there is no live subscription
    PAID = "paid"
    CONTACT = "contact"  # sold by people, not by a button


class Interval(StrEnum):
    MONTH = "month"
    YEAR = "year"


class TrialCard(StrEnum):
    """Whether a trial begins with a card or may begin without."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class TrialEnd(StrEnum):
    """What becomes of a trial that ends without a card: canceled, paused until one is there, or billed all the same."""

    CANCEL = "cancel"
    PAUSE = "pause"
    INVOICE = "invoice"


class CancelPolicy(StrEnum):
    """When a cancellation may take effect; whoever may end at once may also wait for the end of the paid period."""

    PERIOD_END = "period_end"
    IMMEDIATE = "immediate"


class CancelRefund(StrEnum):
    """How ending at once gives unused time back: not, on the balance, or to the card it came from."""

    NONE = "none"
    CREDIT = "credit"
    REFUND = "refund"


class MeterKind(StrEnum):
    COUNTER = "counter"  # adds up and starts again with each window
    GAUGE = "gauge"  # a level: gigabytes stored, seats taken


class Aggregation(StrEnum):
    SUM = "sum"
    LAST = "last"
    MAX = "max"


class Window(StrEnum):
    BILLING_PERIOD = "billing_period"
    CALENDAR_MONTH = "calendar_month"
    NEVER = "never"


class Behaviour(StrEnum):
    """What happens at the limit: denied, warned, or sold."""

    HARD = "hard"
    SOFT = "soft"
    BILLABLE = "billable"


class Plan(Model):
    """Without `seats_min` a plan has no seats and its quantity is 1; `seats_max` None has no upper end.

    `trial_card` and `trial_end` say something only with `trial_days`, `cancel_refund` only where `cancel` is immediate.
    """

    __tablename__ = "plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("plan"))
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    support: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    visibility: Mapped[str] = mapped_column(default=Visibility.PUBLIC)
    trial_days: Mapped[int] = mapped_column(default=0)
    trial_card: Mapped[str] = mapped_column(default=TrialCard.REQUIRED)
    trial_end: Mapped[str] = mapped_column(default=TrialEnd.CANCEL)
    seats_min: Mapped[int | None]
    seats_max: Mapped[int | None]
    cancel: Mapped[str] = mapped_column(default=CancelPolicy.PERIOD_END)
    cancel_refund: Mapped[str] = mapped_column(default=CancelRefund.NONE)
    position: Mapped[int]
    stripe_product_id: Mapped[str | None] = mapped_column(unique=True)
    archived_at: Mapped[datetime | None]

    @property
    def is_offered(self) -> bool:
        """Shown to customers as something to choose."""
        return self.archived_at is None and self.visibility == Visibility.PUBLIC


class Price(Model):
    """`unit_amount` is in minor units of `currency`; a price never changes its amount, another one takes its place."""

    __tablename__ = "prices"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("price"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), index=True)
    currency: Mapped[str]
    interval: Mapped[str]
    unit_amount: Mapped[int]
    lookup_key: Mapped[str]
    position: Mapped[int]
    stripe_price_id: Mapped[str] = mapped_column(unique=True)
    archived_at: Mapped[datetime | None]

    plan: Mapped[Plan] = relationship(lazy="raise")

    @classmethod
    def by_public_id(cls, public_id: str) -> Select[Self]:
        """The price with its plan, archived or not."""
        return select(cls).where(cls.public_id == public_id).options(joinedload(cls.plan))

    @property
    def is_for_sale(self) -> bool:
        return self.archived_at is None and self.plan.is_offered and self.plan.kind == PlanKind.PAID


class Meter(Model):
    """`name` is said in the plural and in mid-sentence ("AI generations", "storage"), `unit` is its measure ("GB")."""

    __tablename__ = "meters"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    singular: Mapped[str]
    unit: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    aggregation: Mapped[str]
    window: Mapped[str]
    position: Mapped[int]
    stripe_meter_id: Mapped[str] = mapped_column(unique=True)
    archived_at: Mapped[datetime | None]


class Limit(Model):
    """How much of a meter a plan includes; `amount` None is unlimited."""

    __tablename__ = "limits"
    __table_args__ = (UniqueConstraint("plan_id", "meter_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    meter_key: Mapped[str] = mapped_column(ForeignKey("meters.key"))
    amount: Mapped[int | None]
    behaviour: Mapped[str]


class OveragePrice(Model):
    """What one unit beyond a billable limit costs, in minor units of `currency` and fractions of them.

    A monthly metered price at Stripe, whatever the interval of the plan: use is counted by the month.
    """

    __tablename__ = "overage_prices"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), index=True)
    meter_key: Mapped[str] = mapped_column(ForeignKey("meters.key"))
    currency: Mapped[str]
    unit_amount: Mapped[Decimal] = mapped_column(Numeric(24, 12))
    lookup_key: Mapped[str]
    stripe_price_id: Mapped[str] = mapped_column(unique=True)
    archived_at: Mapped[datetime | None]


class Feature(Model):
    """`value` is true, false, a whole number or words."""

    __tablename__ = "features"
    __table_args__ = (UniqueConstraint("plan_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    key: Mapped[str]
    name: Mapped[str]
    value: Mapped[Any] = mapped_column(JSONB)
    position: Mapped[int]


class CatalogVersion(Model):
    """One row whose value is new, and random, after each change: what every process compares its copy with."""

    __tablename__ = "catalog_version"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    version: Mapped[str]
