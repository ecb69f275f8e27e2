"""The shape of a catalogue file, entry by entry. What entries must be to each other is checked in `reading`."""

import re
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Self

from babel.core import get_global
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.core.money import exponent

from .models import Aggregation, Behaviour, Interval, MeterKind, PlanKind, Visibility, Window
from .tree import FeatureValue

MAX_AMOUNT = 99_999_999  # Stripe's largest unit amount, eight digits
MAX_OVERAGE_DECIMALS = 12  # https://docs.stripe.com/api/prices/create, unit_amount_decimal
MAX_QUANTITY = 10**15
MAX_TRIAL_DAYS = 730  # Stripe's
UNLIMITED = "unlimited"
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Steps in which Stripe charges: https://docs.stripe.com/currencies (three-decimal currencies, and two old special cases).
SPECIAL_STEPS = {"isk": 100, "ugx": 100}


def _key(value: object) -> str:
    if not isinstance(value, str) or not KEY.fullmatch(value):
        raise ValueError("must be lower-case letters, digits and _, beginning with a letter (up to 40)")
    return value


@cache
def currencies() -> frozenset[str]:
    """Every currency that is legal tender somewhere today, in lower case."""
    tender = get_global("territory_currencies").values()
    return frozenset(code.lower() for uses in tender for code, _since, until, legal in uses if legal and until is None)


def _currency(value: object) -> str:
    if not isinstance(value, str) or value not in currencies():
        raise ValueError("is not a currency; write its three letters in lower case, such as usd")
    return value


def _amount(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a whole number of minor units, such as 2900 for $29.00")
    if value <= 0:
        raise ValueError('must be more than 0; a plan that costs nothing has kind = "free" and no prices')
    if value > MAX_AMOUNT:
        raise ValueError(f"is too large; the most one price can be is {MAX_AMOUNT:,} minor units")
    return value


def _overage(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number of minor units, such as 2 for $0.02 or 0.04 for $0.0004")
    amount = Decimal(value)
    if not amount.is_finite() or amount <= 0:
        raise ValueError("must be more than 0")
    if amount > MAX_AMOUNT:
        raise ValueError(f"is too large; the most one unit can be is {MAX_AMOUNT:,} minor units")
    if -int(amount.normalize().as_tuple().exponent) > MAX_OVERAGE_DECIMALS:
        raise ValueError(f"has more than {MAX_OVERAGE_DECIMALS} decimals")
    return amount


def _quantity(value: object) -> int | None:
    if value == UNLIMITED:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError('must be a whole number or "unlimited"')
    if not 0 <= value <= MAX_QUANTITY:
        raise ValueError(f"must be between 0 and {MAX_QUANTITY:,}")
    return value


def _limit(value: object) -> object:
    """`renders = 20` is short for `renders = { amount = 20 }`."""
    return value if isinstance(value, dict) else {"amount": value}


def _feature(value: object) -> FeatureValue:
    if isinstance(value, int) and abs(value) <= MAX_QUANTITY:
        return value
    if isinstance(value, str) and value.strip() and value.isprintable():
        return value
    raise ValueError("must be true, false, a whole number or words in quotes")


def _one_of(kind: type[StrEnum]) -> Callable[[object], Any]:
    def convert(value: object) -> Any:
        if value not in list(kind):
            raise ValueError(f"must be one of: {', '.join(kind)}")
        return kind(str(value))

    return convert


Key = Annotated[str, BeforeValidator(_key)]
Currency = Annotated[str, BeforeValidator(_currency)]
Amount = Annotated[int, BeforeValidator(_amount)]
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=ONE_LINE)]
Note = Annotated[str, Field(max_length=60, pattern=ONE_LINE)]
Sentence = Annotated[str, Field(max_length=200, pattern=ONE_LINE)]


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class MeterEntry(Entry):
    """A counter adds up within its window; a gauge is a level that stays until it changes."""

    key: Key
    name: Name
    singular: Note = ""
    unit: Note = ""
    kind: Annotated[MeterKind, BeforeValidator(_one_of(MeterKind))] = MeterKind.COUNTER
    aggregation: Annotated[Aggregation | None, BeforeValidator(_one_of(Aggregation))] = None
    window: Annotated[Window | None, BeforeValidator(_one_of(Window))] = None

    @property
    def aggregates(self) -> Aggregation:
        return self.aggregation or (Aggregation.SUM if self.kind is MeterKind.COUNTER else Aggregation.LAST)

    @property
    def resets(self) -> Window:
        return self.window or (Window.BILLING_PERIOD if self.kind is MeterKind.COUNTER else Window.NEVER)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.kind is MeterKind.COUNTER) != (self.aggregates is Aggregation.SUM):
            raise ValueError("a counter is aggregated by sum, a gauge by last or max")
        return self


class PricesEntry(Entry):
    """One currency's prices, in minor units."""

    month: Amount | None = None
    year: Amount | None = None

    @property
    def by_interval(self) -> dict[Interval, int]:
        amounts = {Interval.MONTH: self.month, Interval.YEAR: self.year}
        return {interval: amount for interval, amount in amounts.items() if amount is not None}


class LimitEntry(Entry):
    """`amount` None is unlimited; `overage` is minor units of each currency for one unit more."""

    amount: Annotated[int | None, BeforeValidator(_quantity)]
    behaviour: Annotated[Behaviour, BeforeValidator(_one_of(Behaviour))] = Behaviour.HARD
    overage: dict[Currency, Annotated[Decimal, BeforeValidator(_overage)]] = {}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.behaviour is Behaviour.BILLABLE and self.amount is None:
            raise ValueError("what is unlimited cannot be billable")
        if self.behaviour is Behaviour.BILLABLE and not self.overage:
            raise ValueError("is billable, so it needs an overage price, such as overage = { usd = 2 }")
        if self.behaviour is not Behaviour.BILLABLE and self.overage:
            raise ValueError(f'has an overage price, but is {self.behaviour}; write behaviour = "billable"')
        return self


class PlanEntry(Entry):
    key: Key
    name: Name
    description: Sentence = ""
    support: Note = ""
    kind: Annotated[PlanKind, BeforeValidator(_one_of(PlanKind))] = PlanKind.PAID
    visibility: Annotated[Visibility, BeforeValidator(_one_of(Visibility))] = Visibility.PUBLIC
    trial_days: Annotated[int, Field(ge=0, le=MAX_TRIAL_DAYS)] = 0
    prices: dict[Currency, PricesEntry] = {}
    limits: dict[str, Annotated[LimitEntry, BeforeValidator(_limit)]] = {}
    features: dict[str, Annotated[FeatureValue, BeforeValidator(_feature)]] = {}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems = [*self._price_problems(), *self._overage_problems()]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _price_problems(self) -> list[str]:
        if self.kind is not PlanKind.PAID:
            problems = [f"prices: a plan of kind {self.kind} has none"] if self.prices else []
            return problems + ([f"trial_days: a plan of kind {self.kind} has no trial"] if self.trial_days else [])
        problems = (
            [] if self.prices else ["prices: a paid plan needs at least one, such as prices.usd = { month = 2900 }"]
        )
        for currency, prices in self.prices.items():
            if not prices.by_interval:
                problems.append(f"prices.{currency}: needs month, year or both")
            for interval, amount in prices.by_interval.items():
                step = 10 if exponent(currency) == 3 else SPECIAL_STEPS.get(currency, 1)
                if amount % step:
                    problems.append(f"prices.{currency}.{interval}: must be a multiple of {step} in this currency")
        return problems

    def _overage_problems(self) -> list[str]:
        problems = []
        for meter, limit in self.limits.items():
            if limit.behaviour is not Behaviour.BILLABLE:
                continue
            if self.kind is not PlanKind.PAID:
                problems.append(f"limits.{meter}: a plan of kind {self.kind} has nobody to bill; use hard or soft")
            missing = sorted(set(self.prices) - set(limit.overage))
            surplus = sorted(set(limit.overage) - set(self.prices)) if self.prices else []
            problems += [f"limits.{meter}.overage: has no price in {c}, but the plan is sold in it" for c in missing]
            problems += [f"limits.{meter}.overage.{c}: the plan is not sold in this currency" for c in surplus]
        return problems


class CatalogFile(Entry):
    """A whole catalogue, checked. `features` are names by key; plans and meters are in the order of the file."""

    features: dict[str, str]
    meters: tuple[MeterEntry, ...]
    plans: tuple[PlanEntry, ...]
