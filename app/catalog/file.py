"""The shape of a catalogue file, entry by entry. What entries must be to each other is checked in `reading`."""

from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.core.money import exponent

from .models import (
    Aggregation,
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
from .values import (
    MAX_SEATS,
    MAX_TRIAL_DAYS,
    Amount,
    Currency,
    Key,
    Name,
    Note,
    Overage,
    Quantity,
    Sentence,
    Value,
    one_of,
)

# Steps in which Stripe charges: https://docs.stripe.com/currencies (three-decimal currencies, and two old special cases).
SPECIAL_STEPS = {"isk": 100, "ugx": 100}


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class MeterEntry(Entry):
    """A counter adds up within its window; a gauge is a level that stays until it changes."""

    key: Key
    name: Name
    singular: Note = ""
    unit: Note = ""
    kind: Annotated[MeterKind, BeforeValidator(one_of(MeterKind))] = MeterKind.COUNTER
    aggregation: Annotated[Aggregation | None, BeforeValidator(one_of(Aggregation))] = None
    window: Annotated[Window | None, BeforeValidator(one_of(Window))] = None

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


def _limit(value: object) -> object:
    """`renders = 20` is short for `renders = { amount = 20 }`."""
    return value if isinstance(value, dict) else {"amount": value}


class LimitEntry(Entry):
    """`amount` None is unlimited; `overage` is minor units of each currency for one unit more."""

    amount: Quantity
    behaviour: Annotated[Behaviour, BeforeValidator(one_of(Behaviour))] = Behaviour.HARD
    overage: dict[Currency, Overage] = {}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.behaviour is Behaviour.BILLABLE and self.amount is None:
            raise ValueError("what is unlimited cannot be billable")
        if self.behaviour is Behaviour.BILLABLE and not self.overage:
            raise ValueError("is billable, so it needs an overage price, such as overage = { usd = 2 }")
        if self.behaviour is not Behaviour.BILLABLE and self.overage:
            raise ValueError(f'has an overage price, but is {self.behaviour}; write behaviour = "billable"')
        return self


class SeatsEntry(Entry):
    """How many seats a subscription may have; `max` None has no upper end but Stripe's."""

    min: Annotated[int, Field(ge=1, le=MAX_SEATS)] = 1
    max: Annotated[int | None, Field(ge=1, le=MAX_SEATS)] = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.max is not None and self.max < self.min:
            raise ValueError("max must not be less than min")
        return self


class PlanEntry(Entry):
    """`trial_card`, `trial_end`: a trial's card and what its end without one brings. `cancel`, `cancel_refund`: leaving."""

    key: Key
    name: Name
    description: Sentence = ""
    support: Note = ""
    kind: Annotated[PlanKind, BeforeValidator(one_of(PlanKind))] = PlanKind.PAID
    visibility: Annotated[Visibility, BeforeValidator(one_of(Visibility))] = Visibility.PUBLIC
    trial_days: Annotated[int, Field(ge=0, le=MAX_TRIAL_DAYS)] = 0
    trial_card: Annotated[TrialCard, BeforeValidator(one_of(TrialCard))] = TrialCard.REQUIRED
    trial_end: Annotated[TrialEnd, BeforeValidator(one_of(TrialEnd))] = TrialEnd.CANCEL
    seats: SeatsEntry | None = None
    cancel: Annotated[CancelPolicy, BeforeValidator(one_of(CancelPolicy))] = CancelPolicy.PERIOD_END
    cancel_refund: Annotated[CancelRefund, BeforeValidator(one_of(CancelRefund))] = CancelRefund.NONE
    prices: dict[Currency, PricesEntry] = {}
    limits: dict[str, Annotated[LimitEntry, BeforeValidator(_limit)]] = {}
    features: dict[str, Value] = {}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems = [*self._price_problems(), *self._term_problems(), *self._overage_problems()]
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def seats_min(self) -> int | None:
        return self.seats.min if self.seats else None

    @property
    def seats_max(self) -> int | None:
        return self.seats.max if self.seats else None

    def _term_problems(self) -> list[str]:
        """Terms that would never apply."""
        if self.kind is not PlanKind.PAID:
            terms = sorted(self.model_fields_set & {"trial_card", "trial_end", "seats", "cancel", "cancel_refund"})
            return [f"{term}: a plan of kind {self.kind} is not bought, so it has none" for term in terms]
        problems = []
        if not self.trial_days:
            terms = sorted(self.model_fields_set & {"trial_card", "trial_end"})
            problems += [f"{term}: the plan has no trial; set trial_days too" for term in terms]
        if self.cancel is CancelPolicy.PERIOD_END and self.cancel_refund is not CancelRefund.NONE:
            problems.append('cancel_refund: needs cancel = "immediate"; what ends with its period has no unused time')
        return problems

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
