"""Another plan, interval or number of seats: shown first to the cent, then done exactly so, or not at all.

What costs more per period, or is the same or a larger plan paid for a year instead of a month, comes at once, prorated,
and is held until it is paid. What costs less, by the month where months become years, or goes back to months, comes when
the paid period ends. In a trial nothing is paid yet, so any change comes at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask_babel import gettext as _

from app.catalog import models, tree
from app.core import clock
from app.core.errors import PortalError
from app.gateway import intents
from app.gateway import subscription_changes as gateway
from app.gateway.errors import GatewayRefused
from app.gateway.subscription_records import SubscriptionRecord
from app.organizations.models import Organization
from app.subscriptions import service
from app.subscriptions.models import Subscription

from . import drawing, wish
from .sheet import Sheet, Shown, Way
from .wish import Wish

Price = models.Price | tree.Price

PRORATED_BY = "proration_date"
SHEET_LIVES = timedelta(minutes=5)
"""How long the amounts of a sheet are good for."""


class SheetOutdated(PortalError):
    """Nothing was changed: what the customer agreed to is no longer what would happen."""

    status = 409
    code = "preview_outdated"


class PeriodOver(PortalError):
    """Stripe prorates by the shown instant no more. Nothing was changed; only a later request knows the later time."""

    status = 409
    code = "period_over"

    def __init__(self) -> None:
        super().__init__(_("Your subscription has just been renewed. Nothing was changed; please look once more."))


def preview(organization: Organization, price: Price, quantity: int | None = None) -> Sheet:
    """What this change would do now; `quantity` None is as many seats as they have. Creates nothing; two calls at most.

    Raises SubscriptionNotFound, CannotChange with its obstacle, SeatsOutOfRange, NotForSale.
    """
    return drawing.draw(organization, wish.of(_subject(organization), price.public_id, quantity))


def confirm(organization: Organization, price: Price, quantity: int, shown: Shown, token: str) -> Subscription:
    """Do the change that was `shown`, once for the form's one-use `token`; its payment may then still wait.

    Raises SheetOutdated when something else would be charged by now, PeriodOver when Stripe prorates by the shown instant
    no more, IntentSpent when it was done and taken back since, and whatever `preview` raises.
    """
    with service.alone(organization):
        subscription, sheet = _subject(organization), None
        # The same form again, or an answer that was lost: what the customer agreed to was checked the first time.
        key = f"subscription-change:{subscription.public_id}:{token}"
        if intents.was_tried(gateway.phases_key(key) if shown.way is Way.LATER else key):
            if _has(subscription, price, quantity):
                return subscription
        else:
            sheet = _check(organization, wish.of(subscription, price.public_id, quantity), shown)
        changed = service.absorb(organization, _do(key, subscription, price, quantity, shown))
        if sheet is None and not _has(changed, price, quantity):
            raise intents.IntentSpent()
        if sheet and sheet.recurring and not changed.is_waiting:
            service.keep_next_charge(organization, changed, sheet.recurring)
        return changed


def _subject(organization: Organization) -> Subscription:
    """The subscription to change, also one whose first payment is missing. Raises SubscriptionNotFound."""
    subscription = service.latest(organization)
    if subscription is None or not (subscription.is_running or subscription.is_incomplete):
        raise service.SubscriptionNotFound()
    return subscription


def _has(subscription: Subscription, price: Price, quantity: int) -> bool:
    """Whether they have it, or it is on its way."""
    known = (
        (subscription.price_id, subscription.quantity),
        (subscription.pending_price_id, subscription.pending_quantity),
        (subscription.scheduled_price_id, subscription.scheduled_quantity),
    )
    return (price.id, quantity) in known


def _check(organization: Organization, wanted: Wish, shown: Shown) -> Sheet:
    """Ask once more what it would do. Raises PeriodOver, and SheetOutdated unless that is what was shown."""
    if shown.way is Way.NOW and not _is_fresh(wanted.subscription, shown.at):
        raise SheetOutdated(_("The amounts were older than five minutes, so they were renewed. Nothing was changed."))
    with _in_period():
        sheet = drawing.draw(organization, wanted, shown.at)
    if sheet.shown != shown:
        raise SheetOutdated(
            _("The amounts have changed since you saw them. Nothing was changed; please look once more.")
        )
    return sheet


@contextmanager
def _in_period() -> Iterator[None]:
    """Around what asks Stripe to prorate. Raises PeriodOver where it refuses the instant."""
    try:
        yield
    except GatewayRefused as error:
        if PRORATED_BY in (error.param or ""):
            raise PeriodOver() from error
        raise


def _is_fresh(subscription: Subscription, at: datetime) -> bool:
    """Whether an instant to prorate by is at most five minutes old, and lies in the running period."""
    age = clock.now() - at
    in_period = subscription.current_period_start <= at < subscription.current_period_end
    return in_period and -drawing.CLOCKS_DIFFER <= age <= SHEET_LIVES


def _do(key: str, subscription: Subscription, price: Price, quantity: int, shown: Shown) -> SubscriptionRecord:
    """Repeated with the same key it asks Stripe for the same, and gets the first answer."""
    stripe_id, item, wanted = subscription.stripe_id, str(subscription.item), price.stripe_price_id
    if shown.way is Way.LATER:
        schedule = subscription.schedule
        return gateway.schedule_change(key, stripe_id, schedule=schedule, price=wanted, quantity=quantity)
    if shown.way is Way.TRIAL:
        return gateway.change_trial(key, stripe_id, item=item, price=wanted, quantity=quantity)
    if subscription.schedule:
        gateway.release_schedule(f"{key}:release", stripe_id, subscription.schedule)
    restart = price.interval != subscription.price.interval
    with _in_period():
        return gateway.change_now(
            key, stripe_id, item=item, price=wanted, quantity=quantity, proration_date=shown.at, restart=restart
        )
