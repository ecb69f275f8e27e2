"""What an organization may use: the access decision, the features of its plan, and whether some more of a meter is allowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.catalog import service as catalog
from app.catalog.models import Behaviour
from app.catalog.tree import FeatureValue, Plan
from app.core import clock
from app.organizations.models import Organization
from app.subscriptions import access as plans
from app.subscriptions.access import Access
from app.subscriptions.models import Subscription
from app.usage import checking, reading

from . import deciding
from .deciding import Decision
from .refusals import UnknownFeature, UnknownMeter, WrongEstimate

ONE = Decimal(1)


@dataclass(frozen=True)
class LimitInForce:
    """`limit` None is unlimited."""

    limit: int | None
    behaviour: Behaviour


@dataclass(frozen=True)
class Entitlements:
    """All that a plan gives, for who keeps a copy. `plan` None: the catalogue has no Free and nothing else is in force."""

    access: Access
    plan: Plan | None
    is_trial: bool

    @property
    def features(self) -> Mapping[str, FeatureValue]:
        """By key, in the order of the catalogue; False is "not included". Nothing while access is denied."""
        known = self.plan.features if self.plan and self.access.allowed else ()
        return {feature.key: feature.value for feature in known}

    @property
    def limits(self) -> Mapping[str, LimitInForce]:
        """By the key of the meter. A meter that is not named has a limit of nothing."""
        known = self.plan.limits if self.plan else ()
        if self.is_trial:
            known = tuple(limit.in_trial for limit in known)
        return {limit.meter.key: LimitInForce(limit.amount, limit.behaviour) for limit in known}


def entitlements(organization: Organization) -> Entitlements:
    """Access, plan, features and limits at once, in one statement."""
    now = clock.now()
    return given(reading.read(organization, now, now, ()).subscription)


def given(subscription: Subscription | None) -> Entitlements:
    """The same by a subscription that was read already; None for an organization that never had one."""
    is_trial = subscription is not None and subscription.is_trialing
    return Entitlements(plans.access(subscription), plans.plan_in_force(subscription), is_trial)


def check(organization: Organization, meter_key: str, estimate: Decimal = ONE) -> Decision:
    """May it use `estimate` more of a meter now? In one statement, however much was counted. Nothing is set aside by asking.

    Raises UnknownMeter, and WrongEstimate for one that is negative, beyond 15 digits, or a fraction of what comes whole.
    """
    now = clock.now()
    read = reading.read(organization, now, now, [meter_key])
    meter = catalog.current().meter(meter_key)
    if meter is None or meter.archived_at is not None:
        raise UnknownMeter()
    if problem := checking.quantity_problem(meter, estimate):
        raise WrongEstimate(*problem)
    decision = plans.access(read.subscription)
    return deciding.of_meter(decision, read.standing(meter, now), estimate)


def check_feature(organization: Organization, key: str) -> Decision:
    """Does its plan have the feature, and with what value? Raises UnknownFeature for one that no plan knows."""
    found = entitlements(organization)
    feature_name(key)
    return deciding.of_feature(found.access, found.plan.feature(key) if found.plan else None)


def feature_name(key: str) -> str:
    """What customers know the feature as. Raises UnknownFeature."""
    known = (feature for plan in catalog.current().plans for feature in plan.features if feature.key == key)
    found = next(known, None)
    if found is None:
        raise UnknownFeature()
    return found.name
