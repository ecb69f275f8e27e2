"""Why a promotion code does not apply: each reason with a sentence that says it, and what would help."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from flask_babel import lazy_gettext as _l

from app.core import i18n
from app.core.errors import PortalError


class Reason(StrEnum):
    UNKNOWN = "promotion_code_unknown"
    EXPIRED = "promotion_code_expired"
    USED_UP = "promotion_code_used_up"
    OTHER_CUSTOMER = "promotion_code_of_other_customer"
    OTHER_CURRENCY = "promotion_code_in_other_currency"
    OTHER_PLAN = "promotion_code_for_other_plan"
    NOT_FIRST = "promotion_code_for_first_purchase"
    TOO_LITTLE = "promotion_code_needs_minimum"
    OVER_TOO_SOON = "promotion_code_over_too_soon"
    TWICE = "promotion_code_already_applied"
    TAKEN = "promotion_code_already_used"
    REFUSED = "promotion_code_refused"


SENTENCES = {
    # Also of a code that was switched off: whoever guesses learns nothing from it.
    Reason.UNKNOWN: _l("No such code is in use. Check its spelling, or ask whoever gave it to you for another one."),
    Reason.EXPIRED: _l("This code expired on %(date)s. Ask whoever gave it to you for a newer one."),
    Reason.USED_UP: _l("This code has been used as often as it may be. Ask whoever gave it to you for another one."),
    Reason.OTHER_CUSTOMER: _l("This code was made for another customer and works for nobody else."),
    Reason.OTHER_CURRENCY: _l(
        "This code is for payments in %(theirs)s, and this plan is paid in %(ours)s. It cannot be used here."
    ),
    Reason.OTHER_PLAN: _l("This code is for %(plans)s only. It works when you choose that plan."),
    Reason.NOT_FIRST: _l("This code is for a first purchase only, and your organization has paid here before."),
    Reason.TOO_LITTLE: _l(
        "This code needs an order of at least %(least)s, and this one comes to %(amount)s. A larger order may use it."
    ),
    Reason.OVER_TOO_SOON: _l(
        "This code would be over before your next payment on %(date)s, so it would take nothing off."
    ),
    Reason.TWICE: _l("This code is already taken off what you pay."),
    Reason.TAKEN: _l("Your organization has used this code before, and each code works once."),
    Reason.REFUSED: _l("This code cannot be used for this. Ask whoever gave it to you what it is for."),
}


class CodeRefused(PortalError):
    """Nothing was changed; `reason` is the stable word, the values fill the sentence."""

    status = 422

    def __init__(self, reason: Reason, **values: str) -> None:
        super().__init__(str(SENTENCES[reason]) % values)
        self.reason, self.values = reason, values
        self.code = str(reason)

    @classmethod
    def too_soon(cls, charged_at: datetime) -> Self:
        """Of a code that is over before the first charge it could make smaller."""
        return cls(Reason.OVER_TOO_SOON, date=i18n.day(charged_at))
