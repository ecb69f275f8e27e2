"""How many seats a plan may have; a plan without seats is bought once."""

from flask_babel import gettext as _

from app.catalog.tree import Plan
from app.catalog.values import MAX_SEATS
from app.catalog.words import number
from app.core.errors import PortalError

from .models import Subscription


class SeatsOutOfRange(PortalError):
    """Nothing was changed: the plan does not come with so many seats, or it is no number."""

    status = 422
    code = "seats_out_of_range"

    def __init__(self, plan: Plan) -> None:
        super().__init__(said(plan))


def said(plan: Plan) -> str:
    """The bounds in a sentence."""
    least, most = bounds(plan)
    if not has_seats(plan):
        return str(_("%(plan)s has no seats to choose; it is bought once.", plan=plan.name))
    if least == most:
        return str(_("%(plan)s has exactly %(count)s seats.", plan=plan.name, count=number(least)))
    return str(
        _(
            "%(plan)s has from %(least)s to %(most)s seats. Enter a whole number between them.",
            plan=plan.name,
            least=number(least),
            most=number(most),
        )
    )


def has_seats(plan: Plan) -> bool:
    return plan.seats_min is not None


def bounds(plan: Plan) -> tuple[int, int]:
    """The fewest and the most seats."""
    if plan.seats_min is None:
        return 1, 1
    return plan.seats_min, MAX_SEATS if plan.seats_max is None else plan.seats_max


def usual(subscription: Subscription, plan: Plan) -> int:
    """As many as they have, as far as the plan comes with so many."""
    least, most = bounds(plan)
    return max(least, min(most, subscription.quantity))


def counted(plan: Plan, quantity: int) -> int:
    """The `quantity`, if the plan comes with it. Raises SeatsOutOfRange."""
    least, most = bounds(plan)
    if not least <= quantity <= most:
        raise SeatsOutOfRange(plan)
    return quantity


def typed(plan: Plan, text: str) -> int:
    """The number somebody typed. Raises SeatsOutOfRange for anything else."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(MAX_SEATS))):
        raise SeatsOutOfRange(plan)
    return counted(plan, int(digits))
