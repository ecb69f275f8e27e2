"""A meter in words: what was used, what is left, what happens at the limit, where it is heading, when it starts again."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from flask_babel import gettext as _

from app.catalog.models import Aggregation, Behaviour
from app.catalog.tree import Meter
from app.catalog.words import capital, exact
from app.core import i18n

from . import outlook, states
from .standing import Standing


@dataclass(frozen=True)
class MeterWords:
    """`state` is a badge (words, tone) once there is something to say; sentences that do not apply are empty.

    `scale` is what a full bar stands for, None without one. `mark` is how far along it, in percent, the budget stands, and
    `included` the same of what is included where the bar goes on behind it; None where there is no such mark. `needs_more`: the
    plan stops it now, or will at this pace before it starts again.
    """

    standing: Standing
    name: str
    said: str
    state: tuple[str, str] | None
    resets: str
    rule: str
    cost: str
    outlook: str
    budget: str
    scale: Decimal | None
    mark: Decimal | None
    included: Decimal | None
    needs_more: bool

    @property
    def can_have_budget(self) -> bool:
        """Where the plan allows nothing there is nothing to plan."""
        return self.standing.budget is not None or not self.standing.is_hard or bool(self.standing.limit)


def told(standing: Standing, now: datetime) -> MeterWords:
    budget = standing.budget.amount if standing.budget else None
    scale = max((known for known in (standing.limit, budget) if known is not None), default=None)
    return MeterWords(
        standing=standing,
        name=capital(standing.meter.name),
        said=_said(standing),
        state=states.state(standing),
        resets=_resets(standing),
        rule=_rule(standing),
        cost=_cost(standing),
        outlook=_outlook(standing, now),
        budget=_budget(standing, now),
        scale=scale,
        mark=_along(budget, scale),
        included=_along(standing.limit, scale) if standing.limit != scale else None,
        needs_more=standing.is_hard and bool(standing.limit) and (not standing.remaining or bool(_full(standing, now))),
    )


def _along(amount: Decimal | None, scale: Decimal | None) -> Decimal | None:
    """How many percent of the scale it is."""
    return (amount * 100 / scale).quantize(Decimal("0.01")) if amount and scale else None


def amount(meter: Meter, quantity: Decimal) -> str:
    """5,000, or 41 GB."""
    number = i18n.quantity(quantity.normalize())
    return f"{number} {meter.unit}" if meter.unit else number


def price(standing: Standing) -> str | None:
    """What one more costs: "$0.02 each", "$0.10 per GB"; None where nothing more is sold."""
    overage = standing.overage_price
    if overage is None:
        return None
    cost = exact(overage.unit_amount, overage.currency)
    unit = standing.meter.unit
    return str(_("%(price)s per %(unit)s", price=cost, unit=unit) if unit else _("%(price)s each", price=cost))


def _said(standing: Standing) -> str:
    meter, limit = standing.meter, standing.limit
    used = amount(meter, standing.used)
    if limit is None:
        return _unlimited(meter, used)
    if not limit:
        return str(_("Not in your plan")) if not standing.used else str(_("%(used)s used, none included", used=used))
    if standing.beyond:
        beyond, included = amount(meter, standing.beyond), amount(meter, limit)
        return str(
            _("%(used)s used, %(beyond)s beyond the %(limit)s included", used=used, beyond=beyond, limit=included)
        )
    words = {"used": i18n.quantity(standing.used.normalize()), "limit": amount(meter, limit)}
    words["left"] = amount(meter, standing.remaining or Decimal(0))
    if meter.aggregation == Aggregation.MAX:
        return str(_("Peak of %(used)s of %(limit)s, %(left)s left", **words))
    if meter.aggregation == Aggregation.LAST:
        return str(_("%(used)s of %(limit)s in use, %(left)s left", **words))
    return str(_("%(used)s of %(limit)s used, %(left)s left", **words))


def _unlimited(meter: Meter, used: str) -> str:
    if meter.aggregation == Aggregation.MAX:
        return str(_("Peak of %(used)s, no limit", used=used))
    if meter.aggregation == Aggregation.LAST:
        return str(_("%(used)s in use, no limit", used=used))
    return str(_("%(used)s used, no limit", used=used))


def _resets(standing: Standing) -> str:
    if standing.resets_at is not None:
        return str(_("Resets on %(date)s.", date=i18n.day(standing.resets_at)))
    if standing.meter.aggregation == Aggregation.LAST:
        return str(_("The last value reported counts."))
    return str(_("Never starts again."))


def _rule(standing: Standing) -> str:
    """What happens at the limit."""
    if not standing.limit:
        return ""
    if standing.behaviour is Behaviour.HARD and standing.beyond:
        return str(_("At the limit no more is allowed; what is reported still counts."))
    if standing.behaviour is Behaviour.HARD:
        return str(_("At the limit no more is allowed."))
    cost = price(standing)
    return str(_("What is beyond it costs %(price)s.", price=cost) if cost else _("Nothing stops at the limit."))


def _cost(standing: Standing) -> str:
    """What is beyond so far."""
    cost = outlook.overage(standing)
    if cost is None:
        return ""
    beyond = amount(standing.meter, standing.beyond)
    return str(_("%(beyond)s beyond so far: %(cost)s before tax.", beyond=beyond, cost=i18n.money(cost)))


def _outlook(standing: Standing, now: datetime) -> str:
    coming = outlook.projected(standing, now)
    if coming is None or coming.resets_at is None:
        return ""
    about, day = amount(coming.meter, coming.used), i18n.day(coming.resets_at)
    if coming.limit is None:
        return str(_("At this pace about %(about)s by %(day)s.", about=about, day=day))
    if not coming.beyond:
        return str(_("At this pace about %(about)s by %(day)s, within what is included.", about=about, day=day))
    if standing.behaviour is Behaviour.HARD:
        return _full(standing, now)
    beyond, cost = amount(coming.meter, coming.beyond), outlook.overage(coming)
    if cost is None:
        words = _("At this pace about %(about)s by %(day)s, %(beyond)s beyond.", about=about, day=day, beyond=beyond)
        return str(words)
    words = {"about": about, "day": day, "beyond": beyond, "cost": i18n.money(cost)}
    return str(_("At this pace about %(about)s by %(day)s: %(beyond)s beyond, about %(cost)s before tax.", **words))


def _full(standing: Standing, now: datetime) -> str:
    """When a limit that lets nothing pass is reached."""
    at = outlook.reached_at(standing, standing.limit or Decimal(0), now)
    if at is None:
        return ""
    if i18n.day(at) == i18n.day(now):
        return str(_("At this pace the limit is reached today."))
    return str(_("At this pace the limit is reached on %(day)s.", day=i18n.day(at)))


def _budget(standing: Standing, now: datetime) -> str:
    """What the organization set itself, where it stands, and what happens then."""
    budget = standing.budget
    if budget is None:
        return ""
    words = {"budget": amount(standing.meter, budget.amount)}
    if standing.limit is not None and standing.is_out_of_reach(budget.amount):
        return str(_("Budget %(budget)s: your plan stops before that.", **words))
    if standing.is_budget_reached:
        return _over(standing, words)
    at, compared = outlook.reached_at(standing, budget.amount, now), _compared(standing, budget.amount)
    if at is not None:
        said = _("Budget %(budget)s; at this pace reached on about %(day)s.", budget=compared, day=i18n.day(at))
    else:
        left = amount(standing.meter, budget.amount - standing.used)
        said = _("Budget %(budget)s; %(left)s of it left.", budget=compared, left=left)
    return f"{said} {_('Your programs are told to stop there.')}" if budget.stops else str(said)


def _compared(standing: Standing, budget: Decimal) -> str:
    """A budget beside what is included: "8,000 of 10,000 included", or what it costs beyond that."""
    limit, written = standing.limit, amount(standing.meter, budget)
    if limit is not None and budget < limit:
        return str(_("%(budget)s of %(limit)s included", budget=written, limit=amount(standing.meter, limit)))
    cost = outlook.overage(replace(standing, used=budget))
    return (
        str(_("%(budget)s, %(cost)s before tax beyond your plan", budget=written, cost=i18n.money(cost)))
        if cost
        else written
    )


def _over(standing: Standing, words: dict[str, str]) -> str:
    if standing.stopping is None:
        return str(_("The budget of %(budget)s is reached; it stops nothing.", **words))
    if standing.resets_at is None:
        return str(_("The budget of %(budget)s is reached; your programs are told to stop.", **words))
    day = i18n.day(standing.resets_at)
    return str(
        _("The budget of %(budget)s is reached; your programs are told to stop until %(day)s.", **words, day=day)
    )


def budget_cost(standing: Standing, budget: Decimal) -> str:
    """What use up to a budget costs beyond the plan; "" where nothing more is sold."""
    whole = replace(standing, used=budget)
    if standing.overage_price is None or standing.limit is None:
        return ""
    cost, included = outlook.overage(whole), amount(standing.meter, standing.limit)
    if cost is None:
        return str(_("Within the %(included)s your plan includes: nothing more to pay.", included=included))
    words = {"beyond": amount(standing.meter, whole.beyond), "included": included, "cost": i18n.money(cost)}
    return str(_("%(beyond)s beyond the %(included)s your plan includes: %(cost)s before tax.", **words))
