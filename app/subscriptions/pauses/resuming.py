"""Coming back from a pause: by the customer's press, or on the day they chose."""

from flask_babel import gettext as _

from app.core import clock
from app.core.errors import AmountChanged, PortalError
from app.core.extensions import db
from app.gateway import previews
from app.gateway import subscription_changes as gateway
from app.gateway.errors import GatewayRefused
from app.gateway.previews import PreviewRecord
from app.organizations.models import Organization
from app.subscriptions import notices, service
from app.subscriptions.models import Subscription
from app.subscriptions.states import Status


class NotPaused(PortalError):
    status = 409
    code = "not_paused"

    def __init__(self) -> None:
        super().__init__(_("The subscription is not paused, so there is nothing to resume. Nothing was charged."))


def preview(organization: Organization) -> tuple[Subscription, PreviewRecord]:
    """The paused subscription and the invoice that resuming it now makes. Raises NotPaused."""
    subscription = _paused(organization)
    return subscription, cost(organization, subscription)


def cost(organization: Organization, subscription: Subscription) -> PreviewRecord:
    return previews.resumption(str(organization.stripe_customer_id), subscription.stripe_id)


def resume(organization: Organization, *, shown: int, token: str) -> Subscription:
    """Resume now and charge the card; `shown` is the amount on the page in minor units.

    The answer is still paused when the bank or the card said no: then its latest invoice waits to be paid. Raises
    NotPaused, AmountChanged.
    """
    with service.alone(organization):
        subscription, present = preview(organization)
        if present.amount_due != shown:
            raise AmountChanged()
        return carry_out(organization, subscription, f"subscription-resume:{subscription.public_id}:{token}")


def resume_on_day(subscription_id: int) -> None:
    """The day has come that the customer chose; nothing if they resumed before or chose another day since."""
    subscription = db.session.get_one(Subscription, subscription_id)
    organization = db.session.get_one(Organization, subscription.organization_id)
    with service.alone(organization):
        paused = service.latest(organization)
        if (
            paused is None
            or paused.id != subscription_id
            or paused.returns_at is None
            or paused.returns_at > clock.now()
        ):
            return
        key = f"subscription-resume:{paused.public_id}:{paused.returns_at:%Y-%m-%dT%H:%M}"
        if (paused := carry_out(organization, paused, key)).status == Status.PAUSED:
            notices.tell("return_failed", paused, organization)


def carry_out(organization: Organization, subscription: Subscription, key: str) -> Subscription:
    """Resume once for `key`; only under `service.alone`. Still paused when its invoice waits to be paid."""
    try:
        record = gateway.resume(key, subscription.stripe_id)
    except GatewayRefused:  # its invoice is already made and waits to be paid
        return service.sync(subscription.stripe_id) or subscription
    return service.absorb(organization, record)


def _paused(organization: Organization) -> Subscription:
    subscription = service.running(organization)
    if subscription.status != Status.PAUSED:
        raise NotPaused()
    return subscription
