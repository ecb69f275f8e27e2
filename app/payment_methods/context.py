"""The current organization's cards, read once per request: banner, overview and the list all ask for them."""

from flask import g

from app.organizations.context import current_organization
from app.subscriptions.context import current_subscription

from . import service
from .models import PaymentMethod


def current_cards() -> list[PaymentMethod]:
    """The default first; none for a visitor."""
    if "cards" not in g:
        g.cards = service.of(current_organization) if current_organization else []
    found: list[PaymentMethod] = g.cards
    return found


def current_card() -> PaymentMethod | None:
    """The card the plan's next charge goes to; None without a running plan, for which nothing is read."""
    subscription = current_subscription()
    if subscription is None or not subscription.is_running:
        return None
    return service.charged(current_cards(), subscription)
