"""What another plan gives and takes, in words, and what of today's use it does not hold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import ngettext

from app.catalog import service as catalog
from app.catalog import words
from app.catalog.models import Behaviour
from app.catalog.tree import Feature, FeatureValue, Limit, Plan
from app.core.hooks import Hooks
from app.subscriptions import seats
from app.subscriptions.models import Subscription

change_checks: Hooks[Callable[[Subscription, Plan], list[str]]] = Hooks()
"""Rooms above add a function that says, a sentence each, what of today's use the new plan does not hold."""

UNLIMITED = Decimal("Infinity")
_BEYOND = {Behaviour.HARD: 0, Behaviour.BILLABLE: 1, Behaviour.SOFT: 2}
"""The better for the customer, the higher."""


@dataclass(frozen=True)
class Fit:
    """`gains` and `losses` compare the plans; `exceeded` says what is in use today and more than the new one includes."""

    gains: tuple[str, ...]
    losses: tuple[str, ...]
    exceeded: tuple[str, ...]


def of(subscription: Subscription, old: Plan, new: Plan, quantity: int, *, is_dearer: bool) -> Fit:
    """What changes for whoever goes from `old` to `new` with this `quantity` of seats.

    Words do not compare, such as those for support: where the new plan `is_dearer`, its words are taken for the better.
    """
    found = [*_seats(subscription, old, new, quantity), *_limits(old, new, subscription.price.currency)]
    found += [*_features(old, new, is_dearer), *_support(old, new, is_dearer)]
    gains = tuple(text for is_gain, text in found if is_gain)
    losses = tuple(text for is_gain, text in found if not is_gain)
    return Fit(gains, losses, tuple(exceeded(subscription, new)))


def exceeded(subscription: Subscription, plan: Plan) -> list[str]:
    """What of today's use `plan` does not hold, a sentence each."""
    return [sentence for check in change_checks for sentence in check(subscription, plan)]


def exceeded_by_schedule(subscription: Subscription) -> list[str]:
    """The same of the plan that comes with the next period; nothing where none does."""
    if not change_checks or subscription.scheduled_price is None:
        return []
    plan = catalog.current().plan(subscription.scheduled_price.plan.key)
    return exceeded(subscription, plan) if plan else []


def _seats(subscription: Subscription, old: Plan, new: Plan, quantity: int) -> Iterator[tuple[bool, str]]:
    if seats.has_seats(new) and quantity != subscription.quantity and seats.has_seats(old):
        before = subscription.quantity
        text = ngettext("%(num)s seat instead of %(old)s", "%(num)s seats instead of %(old)s", quantity, old=before)
        yield quantity > before, str(text)


def _limits(old: Plan, new: Plan, currency: str) -> Iterator[tuple[bool, str]]:
    meters = {limit.meter.key: None for plan in (new, old) for limit in plan.limits}
    for key in meters:
        before, after = old.limit(key), new.limit(key)
        if after is None and before is not None:
            yield False, words.capital(before.meter.name)
        elif after is not None and before is None:
            yield True, str(words.limit_words(after, currency))
        elif before is not None and after is not None and _worth(before, currency) != _worth(after, currency):
            yield _worth(after, currency) > _worth(before, currency), _instead(before, after, currency)


def _worth(limit: Limit, currency: str) -> tuple[Decimal, int, Decimal]:
    """What compares as more is better for the customer: the amount, what happens beyond it, what that costs."""
    if limit.amount is None:
        return UNLIMITED, 0, Decimal(0)
    overage = limit.overage(currency)
    return Decimal(limit.amount), _BEYOND[limit.behaviour], -(overage.unit_amount if overage else Decimal(0))


def _instead(before: Limit, after: Limit, currency: str) -> str:
    """Only what differs is said of the old limit."""
    old, new = words.limit_words(before, currency), words.limit_words(after, currency)
    if old.quantity != new.quantity and old.beyond == new.beyond:
        return str(_("%(new)s instead of %(old)s", new=new.text, old=old.quantity))
    nothing = _("then nothing more")
    then = f"{old.quantity}, {old.beyond or nothing}" if old.quantity != new.quantity else old.beyond or nothing
    now = new if new.beyond else f"{new.text}, {nothing}"
    return str(_("%(new)s; until now %(old)s", new=now, old=then))


def _features(old: Plan, new: Plan, is_dearer: bool) -> Iterator[tuple[bool, str]]:
    known = {feature.key: feature for plan in (new, old) for feature in plan.features}
    for key, named in known.items():
        before, after = _found(old, key), _found(new, key)
        if _value(before) == _value(after):
            continue
        had, has = _said(before), _said(after)
        if has is None or after is None:
            yield False, named.name
        elif had is None or before is None:
            yield True, has
        else:
            text = _("%(new)s instead of %(old)s", new=has, old=words.feature_value(before))
            yield _is_more(after, before, is_dearer), str(text)


def _found(plan: Plan, key: str) -> Feature | None:
    return next((feature for feature in plan.features if feature.key == key), None)


def _value(feature: Feature | None) -> FeatureValue:
    return feature.value if feature else False


def _said(feature: Feature | None) -> str | None:
    return words.feature_words(feature) if feature else None


def _is_more(after: Feature, before: Feature, is_dearer: bool) -> bool:
    if isinstance(after.value, str) or isinstance(before.value, str):
        return is_dearer
    return after.value > before.value


def _support(old: Plan, new: Plan, is_dearer: bool) -> Iterator[tuple[bool, str]]:
    if not new.support or not old.support:
        if said := new.support or old.support:
            yield bool(new.support), said
    elif new.support != old.support:
        yield is_dearer, str(_("%(new)s instead of %(old)s", new=new.support, old=old.support))
