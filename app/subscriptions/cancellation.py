"""Leaving at the end of the paid period, and taking it back until the last minute."""

from flask_babel import gettext as _

from app.core.errors import PortalError
from app.gateway import subscription_changes as gateway
from app.organizations.models import Organization

from . import service
from .models import Subscription


class CannotCancel(PortalError):
    status = 409
    code = "cannot_cancel"

    def __init__(self) -> None:
        super().__init__(_("This subscription is already ending. You can keep it from its page."))


class CannotKeep(PortalError):
    status = 409
    code = "cannot_keep"

    def __init__(self) -> None:
        super().__init__(_("There is no cancellation to take back. Choose a plan to start again."))


def cancel(organization: Organization, *, feedback: str, comment: str, token: str) -> Subscription:
    """Cancel at period end with the customer's reason; `token` is the form's one-use token. Raises CannotCancel."""
    with service.alone(organization):
        subscription = service.running(organization)
        if not subscription.can_cancel:
            raise CannotCancel()
        key = f"subscription-cancel:{subscription.public_id}:{token}"
        record = gateway.cancel_at_period_end(key, subscription.stripe_id, feedback=feedback, comment=comment)
        return service.absorb(organization, record)


def keep(organization: Organization, *, token: str) -> Subscription:
    """Undo a cancellation that has not happened yet. Raises CannotKeep."""
    with service.alone(organization):
        subscription = service.running(organization)
        if not subscription.can_keep:
            raise CannotKeep()
        record = gateway.keep(f"subscription-keep:{subscription.public_id}:{token}", subscription.stripe_id)
        return service.absorb(organization, record)
