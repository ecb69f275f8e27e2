"""What stands in the way of a change of plan, each with a sentence that names the next step."""

from enum import StrEnum

from flask_babel import lazy_gettext as _l

from app.catalog.tree import Price
from app.core import clock
from app.core.errors import PortalError
from app.subscriptions.models import Subscription
from app.subscriptions.states import Status


class Obstacle(StrEnum):
    UNFINISHED = "payment_unfinished"
    UNPAID = "payment_overdue"
    PAUSED = "subscription_paused"
    RENEWING = "renewal_underway"
    WAITING = "change_waiting"
    OTHER_CURRENCY = "other_currency"
    CURRENT = "current_plan"
    SCHEDULED = "already_scheduled"
    CANCELING = "cancellation_pending"
    TRIAL_TERMS = "trial_needs_card"


SENTENCES = {
    Obstacle.UNFINISHED: _l("The first payment of your plan is not finished. Finish it first, then you can change."),
    Obstacle.UNPAID: _l("A payment is overdue, so the plan cannot be changed. Pay it first; nothing was changed."),
    Obstacle.PAUSED: _l("Your plan is paused, so it cannot be changed. Resume it first; nothing was changed."),
    Obstacle.RENEWING: _l("Your plan is being renewed right now. Look again in a minute; nothing was changed."),
    Obstacle.WAITING: _l("Another change waits for its payment. Pay or discard it first; nothing was changed."),
    Obstacle.OTHER_CURRENCY: _l(
        "This price is in another currency than your subscription, which keeps the one it began with. "
        "Choose a plan from the list."
    ),
    Obstacle.CURRENT: _l("This is your current plan. There is nothing to change."),
    Obstacle.SCHEDULED: _l("This change is already scheduled. You can undo it until it takes effect."),
    Obstacle.CANCELING: _l(
        "Your plan is going to end, and this change would outlive it. Keep your plan first; nothing was changed."
    ),
    Obstacle.TRIAL_TERMS: _l(
        "Only with a card can your trial go on with this plan. Add a card first, then you can change; "
        "nothing was changed."
    ),
}


class CannotChange(PortalError):
    """`obstacle` tells what the next step is; `code` is the same word."""

    status = 409

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(str(SENTENCES[obstacle]))
        self.obstacle = obstacle
        self.code = str(obstacle)


def find(subscription: Subscription, price: Price, quantity: int, *, is_upgrade: bool) -> Obstacle | None:
    """The first thing that stands in the way of this price and quantity, if anything does.

    `is_upgrade` says that the change would take effect now and leave the period as it is: such a change outlives no
    cancellation, for the plan still ends when it was to end.
    """
    if obstacle := _of_state(subscription):
        return obstacle
    if price.amount.currency != subscription.price.currency:
        return Obstacle.OTHER_CURRENCY
    if (price.id, quantity) == (subscription.price_id, subscription.quantity):
        return Obstacle.CURRENT
    if (price.id, quantity) == (subscription.scheduled_price_id, subscription.scheduled_quantity):
        return Obstacle.SCHEDULED
    if subscription.is_canceling and not is_upgrade:
        return Obstacle.CANCELING
    return None


def _of_state(subscription: Subscription) -> Obstacle | None:
    if subscription.is_incomplete:
        return Obstacle.UNFINISHED
    if subscription.status in {Status.PAST_DUE, Status.UNPAID}:
        return Obstacle.UNPAID
    if subscription.status == Status.PAUSED:
        return Obstacle.PAUSED
    if subscription.is_waiting:
        return Obstacle.WAITING
    return Obstacle.RENEWING if subscription.current_period_end <= clock.now() else None
