"""Guards of doors that come with a plan, with a feature, or with any live subscription.

They stand below the guard that says whose books are open: `@member_of_organization` on a page, `@bearer(…)` in the API.
A page refuses with the way to a plan, the API with a problem document.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask.typing import ResponseReturnValue

from app.catalog import service as catalog
from app.subscriptions.context import current_subscription
from app.subscriptions.states import PortalState

from . import deciding, service
from .refusals import AccessRestricted, FeatureNeeded, PlanNeeded, SubscriptionNeeded
from .service import Entitlements

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]
Guard = Callable[["View[P]"], "View[P]"]


def plan_required(*keys: str) -> "Guard[P]":
    """For organizations with one of these plans in force, by their keys in the catalogue."""

    def refuse(found: Entitlements) -> None:
        if found.plan is None or found.plan.key not in keys:
            known = (catalog.current().plan(key) for key in keys)
            raise PlanNeeded([plan.name for plan in known if plan and plan.is_offered])

    return _guard(refuse)


def feature_required(key: str) -> "Guard[P]":
    """For organizations whose plan has the feature; what it is worth in a configuration is the door's own business."""

    def refuse(found: Entitlements) -> None:
        if not deciding.of_feature(found.access, found.features.get(key)).allowed:
            raise FeatureNeeded(service.feature_name(key))

    return _guard(refuse)


def subscription_required(view: "View[P]") -> "View[P]":
    """For organizations with a live subscription, in trial or paid; not with Free alone."""

    def refuse(found: Entitlements) -> None:
        if not found.access.is_live:
            raise SubscriptionNeeded()

    guard: Guard[P] = _guard(refuse)
    return guard(view)


def _guard(refuse: Callable[[Entitlements], None]) -> "Guard[P]":
    def decorate(view: "View[P]") -> "View[P]":
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            found = service.given(current_subscription())
            if found.access.reason == PortalState.RESTRICTED:
                raise AccessRestricted()
            refuse(found)
            return view(*args, **kwargs)

        return guarded

    return decorate
