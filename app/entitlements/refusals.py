"""What a guarded door, or a question about what nobody sells, is answered."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext as _

from app.api import ApiError
from app.core.errors import PortalError, Step


class UnknownMeter(ApiError):
    status = 422
    code = "unknown_meter"

    def __init__(self) -> None:
        super().__init__(_("There is no such meter."))


class UnknownFeature(ApiError):
    status = 422
    code = "unknown_feature"

    def __init__(self) -> None:
        super().__init__(_("There is no such feature."))


class WrongEstimate(ApiError):
    """`reason` is a stable word, such as `fractional_quantity`."""

    status = 422
    code = "wrong_estimate"

    def __init__(self, reason: str, detail: str) -> None:
        errors = [{"pointer": "#/estimate", "code": reason, "detail": detail}]
        super().__init__(detail, members={"errors": errors})


class AccessRestricted(PortalError):
    """A payment is overdue and its grace is over."""

    status = 403
    code = "access_restricted"

    def __init__(self) -> None:
        super().__init__(_("A payment is overdue, so access is restricted until it arrives."))
        self.step = Step(_("See invoices"), url_for("invoices.index"))


class SubscriptionNeeded(PortalError):
    status = 403
    code = "subscription_required"

    def __init__(self) -> None:
        super().__init__(_("This comes with a plan, and there is none in force."))
        self.step = _to_plans()


class PlanNeeded(PortalError):
    """`names` are of the plans that can be chosen; there may be none any more."""

    status = 403
    code = "plan_required"

    def __init__(self, names: Sequence[str]) -> None:
        sentence = _("This comes with: %(plans)s.", plans=", ".join(names)) if names else _("Your plan is another one.")
        super().__init__(sentence)
        self.step = _to_plans()


class FeatureNeeded(PortalError):
    status = 403
    code = "feature_not_included"

    def __init__(self, name: str) -> None:
        super().__init__(_("Your plan does not include %(feature)s.", feature=name))
        self.step = _to_plans()


def _to_plans() -> Step:
    return Step(_("See plans"), url_for("catalog.plans"))
