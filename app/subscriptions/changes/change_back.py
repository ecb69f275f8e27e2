"""Taking a change back before it happens: one that is scheduled, or one that waits for its payment."""

from flask_babel import gettext as _

from app.core.errors import PortalError
from app.gateway import intents
from app.gateway import subscription_changes as gateway
from app.organizations.models import Organization
from app.subscriptions import service
from app.subscriptions.models import Subscription


class NothingScheduled(PortalError):
    status = 409
    code = "no_scheduled_change"

    def __init__(self) -> None:
        super().__init__(_("No change is scheduled any more. Look at your subscription before you go on."))


class NothingWaiting(PortalError):
    status = 409
    code = "no_waiting_change"

    def __init__(self) -> None:
        super().__init__(_("No change waits for its payment any more. Look at your subscription before you go on."))


class BeingPaid(PortalError):
    """A payment is under way, so it cannot be given up."""

    status = 409
    code = "change_being_paid"

    def __init__(self) -> None:
        super().__init__(_("This change is being paid right now, so it was not discarded. Look again in a minute."))


def undo(organization: Organization, token: str) -> Subscription:
    """Forget the scheduled change; the plan goes on as it is. Raises NothingScheduled, IntentSpent.

    `token` is the form's one-use token, here and below.
    """
    with service.alone(organization):
        subscription = service.running(organization)
        key = f"subscription-change-undo:{subscription.public_id}:{token}"
        if intents.was_tried(key) and subscription.schedule is None:
            return subscription
        if subscription.schedule is None or subscription.scheduled_price is None:
            raise NothingScheduled()
        record = gateway.release_schedule(key, subscription.stripe_id, subscription.schedule)
        if record.schedule is not None:
            raise intents.IntentSpent()
        return service.absorb(organization, record)


def discard(organization: Organization, token: str, wanted: tuple[str, int] | None = None) -> Subscription:
    """Give up the change that waits by voiding its invoice.

    `wanted` are price (by public id) and quantity that the customer saw waiting: paid meanwhile, it has taken effect, as
    the answer shows. Raises NothingWaiting, BeingPaid.
    """
    with service.alone(organization):
        subscription = service.running(organization)
        key = f"subscription-change-discard:{subscription.public_id}:{subscription.latest_invoice}:{token}"
        if not subscription.is_waiting and (intents.was_tried(key) or has(subscription, wanted)):
            return subscription
        if not subscription.is_waiting or subscription.latest_invoice is None:
            raise NothingWaiting()
        record = gateway.discard_pending(key, subscription.stripe_id, subscription.latest_invoice)
        if record.pending_price is not None:
            raise BeingPaid()
        return service.absorb(organization, record)


def has(subscription: Subscription, wanted: tuple[str, int] | None) -> bool:
    return (subscription.price.public_id, subscription.quantity) == wanted
