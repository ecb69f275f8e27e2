"""A wanted change before any amount is known: what is it of, is it possible, and when would it come?"""

from dataclasses import dataclass
from datetime import datetime

from app.catalog import service as catalog
from app.catalog.models import Interval, PlanKind, TrialCard
from app.catalog.tree import Plan, Price
from app.core.errors import NotFound
from app.subscriptions import seats
from app.subscriptions.models import Subscription

from . import obstacles
from .sheet import Way


@dataclass(frozen=True)
class Wish:
    """From the `subscription` as it is, on the plan `old`, to so many (`quantity`) of `price`, which is one of `plan`."""

    subscription: Subscription
    old: Plan
    price: Price
    plan: Plan
    quantity: int

    @property
    def restarts(self) -> bool:
        """Whether it pays for periods of another length, which begin with the change."""
        return self.price.interval != self.subscription.price.interval

    @property
    def costs_less(self) -> bool:
        """By what is paid per period. A year instead of months costs less where a month of that plan does."""
        held = self.subscription
        if not self.restarts:
            return (self.price.amount * self.quantity).amount < held.amount.amount
        if self.price.interval is Interval.MONTH:
            return True
        if self.plan.key == held.price.plan.key:
            return self.quantity < held.quantity
        return (self.plan.each_month(self.price) * self.quantity).amount < held.amount.amount

    @property
    def way(self) -> Way:
        if self.subscription.is_trialing:
            return Way.TRIAL
        return Way.LATER if self.costs_less else Way.NOW

    @property
    def lacks_card(self) -> bool:
        """Whether it is tried without a card, and the wanted plan has no trial that needs none."""
        held, terms = self.subscription, self.plan
        needs_card = not terms.trial_days or terms.trial_card == TrialCard.REQUIRED
        return held.is_trialing and held.default_payment_method is None and needs_card

    @property
    def is_larger_plan(self) -> bool:
        """Whether one seat of it costs more a month."""
        held = self.subscription.price
        months = 1 if held.interval == Interval.MONTH else 12
        return self.price.monthly.amount * months > held.unit_amount

    @property
    def takes_effect_at(self) -> datetime:
        """When it comes, or for a trial when it is first charged, unless it comes now."""
        return self.subscription.current_period_end


def of(subscription: Subscription, price_id: str, quantity: int | None) -> Wish:
    """The wish for a price by its public id; `quantity` None is as many seats as they have.

    Raises NotFound, NotForSale, SeatsOutOfRange, CannotChange.
    """
    sold = catalog.current()
    price = sold.price(price_id)
    plan = sold.plan(price.plan_key) if price else None
    if price is None or plan is None:
        raise NotFound()
    is_held = price.id == subscription.price_id
    if not is_held and (price.archived_at or not plan.is_offered or plan.kind is not PlanKind.PAID):
        raise catalog.NotForSale()
    wanted = seats.usual(subscription, plan) if quantity is None else seats.counted(plan, quantity)
    wish = Wish(subscription, sold.plan(subscription.price.plan.key) or plan, price, plan, wanted)
    keeps_end = not wish.costs_less and not wish.restarts
    if obstacle := obstacles.find(subscription, price, wanted, is_upgrade=keeps_end):
        raise obstacles.CannotChange(obstacle)
    if wish.lacks_card:
        raise obstacles.CannotChange(obstacles.Obstacle.TRIAL_TERMS)
    return wish
