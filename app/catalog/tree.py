"""The catalogue as pages and checks read it: frozen, whole, free of the database."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from app.core.money import Money

from .models import (
    Behaviour,
    CancelPolicy,
    CancelRefund,
    Interval,
    MeterKind,
    PlanKind,
    TrialCard,
    TrialEnd,
    Visibility,
    Window,
)

FeatureValue = bool | int | str


@dataclass(frozen=True)
class Price:
    """What a plan costs each `interval`; `id` is the row's, for foreign keys."""

    id: int
    public_id: str
    plan_key: str
    interval: Interval
    amount: Money
    stripe_price_id: str
    archived_at: datetime | None

    @property
    def monthly(self) -> Money:
        """What a month of it costs; of a yearly price a twelfth, rounded up, so that nothing looks cheaper than it is."""
        if self.interval is Interval.MONTH:
            return self.amount
        return Money(-(-self.amount.amount // 12), self.amount.currency)


@dataclass(frozen=True)
class Meter:
    key: str
    name: str
    singular: str
    unit: str
    kind: MeterKind
    aggregation: str
    window: Window
    stripe_meter_id: str
    archived_at: datetime | None


@dataclass(frozen=True)
class Overage:
    """`unit_amount` is in minor units of `currency`, possibly a fraction of one."""

    currency: str
    unit_amount: Decimal
    stripe_price_id: str


@dataclass(frozen=True)
class Limit:
    """`amount` None is unlimited."""

    meter: Meter
    amount: int | None
    behaviour: Behaviour
    overages: tuple[Overage, ...]

    def overage(self, currency: str) -> Overage | None:
        return next((overage for overage in self.overages if overage.currency == currency), None)

    @property
    def in_trial(self) -> "Limit":
        """In a trial nothing is sold, so a billable limit warns and no more."""
        return replace(self, behaviour=Behaviour.SOFT, overages=()) if self.overages else self


@dataclass(frozen=True)
class Feature:
    key: str
    name: str
    value: FeatureValue


@dataclass(frozen=True)
class Plan:
    """`prices` are those for sale; a price that was replaced is found by `Catalog.price` alone.

    The terms are as in the table: `seats_min` None has no seats, `seats_max` None no upper end.
    """

    id: int
    public_id: str
    key: str
    name: str
    description: str
    support: str
    kind: PlanKind
    visibility: Visibility
    trial_days: int
    trial_card: TrialCard
    trial_end: TrialEnd
    seats_min: int | None
    seats_max: int | None
    cancel: CancelPolicy
    cancel_refund: CancelRefund
    prices: tuple[Price, ...]
    limits: tuple[Limit, ...]
    features: tuple[Feature, ...]
    archived_at: datetime | None

    @property
    def is_offered(self) -> bool:
        """Shown to customers as something to choose."""
        return self.archived_at is None and self.visibility is Visibility.PUBLIC

    def price(self, interval: Interval, currency: str) -> Price | None:
        """The price for sale, if the plan has one."""
        wanted = (interval, currency)
        return next((price for price in self.prices if (price.interval, price.amount.currency) == wanted), None)

    def each_month(self, price: Price) -> Money:
        """What a month of it costs beside other plans: paid by the month, or else a twelfth of this yearly `price`."""
        return (self.price(Interval.MONTH, price.amount.currency) or price).monthly

    def limit(self, meter_key: str) -> Limit | None:
        return next((limit for limit in self.limits if limit.meter.key == meter_key), None)

    def feature(self, key: str) -> FeatureValue | None:
        return next((feature.value for feature in self.features if feature.key == key), None)


@dataclass(frozen=True)
class Catalog:
    """`plans`, `meters` and `all_prices` include what is archived, because customers may still have it."""

    version: str | None
    plans: tuple[Plan, ...]
    meters: tuple[Meter, ...]
    all_prices: tuple[Price, ...]

    @property
    def offered(self) -> tuple[Plan, ...]:
        """What customers may choose from, in the order of the file."""
        return tuple(plan for plan in self.plans if plan.is_offered)

    @property
    def free(self) -> Plan | None:
        """The plan of those without a live subscription, listed or not."""
        standing = (plan for plan in self.plans if plan.archived_at is None)
        return next((plan for plan in standing if plan.kind is PlanKind.FREE), None)

    @property
    def currencies(self) -> tuple[str, ...]:
        """What the offered plans are sold in, the file's first currency first."""
        return tuple(dict.fromkeys(price.amount.currency for price in self._for_sale()))

    @property
    def intervals(self) -> tuple[Interval, ...]:
        sold = {price.interval for price in self._for_sale()}
        return tuple(interval for interval in Interval if interval in sold)

    def _for_sale(self) -> Iterator[Price]:
        return (price for plan in self.offered for price in plan.prices)

    def plan(self, key: str) -> Plan | None:
        return next((plan for plan in self.plans if plan.key == key), None)

    def meter(self, key: str) -> Meter | None:
        return next((meter for meter in self.meters if meter.key == key), None)

    def price(self, public_id: str) -> Price | None:
        return next((price for price in self.all_prices if price.public_id == public_id), None)


EMPTY = Catalog(version=None, plans=(), meters=(), all_prices=())
