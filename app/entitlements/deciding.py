"""From what is allowed and what was used to an answer; asks nobody."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.catalog.models import Behaviour
from app.catalog.tree import FeatureValue
from app.subscriptions.access import Access
from app.usage.standing import Standing

ZERO = Decimal(0)


@dataclass(frozen=True)
class Decision:
    """`reason` is a stable word. `limit`, `used` and `remaining` are the meter's, `limit` None is unlimited.

    `budget` is where the organization itself wants to stop, None if nowhere; what remains is up to the nearer of both.
    `resets_at` is when the meter starts afresh, None if never. `value` is what the plan says of a feature, None of a meter.
    """

    allowed: bool
    reason: str
    limit: Decimal | None = None
    used: Decimal | None = None
    remaining: Decimal | None = None
    resets_at: datetime | None = None
    value: FeatureValue | None = None
    budget: Decimal | None = None


def of_meter(access: Access, standing: Standing, estimate: Decimal) -> Decision:
    """May `estimate` more be used? A soft limit warns, a billable one sells what is beyond it, in a trial it is soft."""
    allowed, reason = _of_budget(standing, estimate) if access.allowed else (False, str(access.reason))
    limit, budget, used = standing.limit, standing.stopping, standing.used
    left = [standing.remaining, None if budget is None else max(budget - used, ZERO)]
    remaining = min((known for known in left if known is not None), default=None)
    return Decision(allowed, reason, limit, used, remaining, standing.resets_at, budget=budget)


def of_feature(access: Access, value: FeatureValue | None) -> Decision:
    """Has the plan the feature? False and not being named are no; a configuration, whatever its value, is yes."""
    if not access.allowed:
        return Decision(False, str(access.reason), value=value)
    is_included = value is not None and value is not False
    return Decision(is_included, "included" if is_included else "not_included", value=value)


def _of_budget(standing: Standing, estimate: Decimal) -> tuple[bool, str]:
    budget = standing.stopping
    if budget is None or standing.used + estimate <= budget:
        return _of_limit(standing, estimate)
    return False, "budget_reached" if standing.used >= budget else "exceeds_budget"


def _of_limit(standing: Standing, estimate: Decimal) -> tuple[bool, str]:
    if standing.limit is None:
        return True, "unlimited"
    if standing.used + estimate <= standing.limit:
        return True, "within_limit"
    if standing.behaviour is Behaviour.SOFT:
        return True, "over_soft_limit"
    if standing.behaviour is Behaviour.BILLABLE:
        return True, "overage"
    return False, "limit_reached" if standing.used >= standing.limit else "exceeds_remaining"
