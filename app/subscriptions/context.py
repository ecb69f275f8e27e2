"""The current organization's subscription, read once per request: banner, plans and overview all ask for it."""

from flask import g

from app.organizations.context import current_organization

from . import service
from .models import Subscription


def remember(subscription: Subscription) -> None:
    """It was read anew for the page: whoever asks for the current one from now on gets this."""
    g.subscription = subscription


def current_subscription() -> Subscription | None:
    """The live one, else the one that ended last; None for a visitor or an organization that never had one."""
    if "subscription" not in g:
        g.subscription = service.latest(current_organization) if current_organization else None
    found: Subscription | None = g.subscription
    return found
