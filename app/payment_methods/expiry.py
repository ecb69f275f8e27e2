"""A card that is about to expire, told once per card and expiry, unless its bank has renewed it by then."""

from typing import Any

from app.core import i18n, tasks
from app.core.extensions import db
from app.core.pages import public_url
from app.organizations import service as organizations
from app.organizations.models import Organization
from app.subscriptions import service as subscriptions
from app.subscriptions.models import Subscription

from . import service
from .models import PaymentMethod


def warn(card_id: int, expiry: str) -> None:
    """Record the mail about a card that expires in the month `expiry` (12/2040); nothing where it would be idle talk.

    Idle it is for a card that was removed, renewed or is not charged, and for a plan that ends.
    """
    card = db.session.get(PaymentMethod, card_id)
    if card is None or card.expiry != expiry or card.warning == "expired":
        return
    organization = db.session.get_one(Organization, card.organization_id)
    subscription = subscriptions.latest(organization)
    if subscription is None or not subscription.is_running or subscription.is_canceling:
        return
    if service.charged(service.of(organization), subscription) is card:
        _mail(organization, card, subscription)


def _mail(organization: Organization, card: PaymentMethod, subscription: Subscription) -> None:
    with i18n.using(organization.locale, organization.timezone):
        context = {
            "card": card.label,
            "expiry": card.expiry,
            "plan": subscription.price.plan.name,
            "amount": i18n.money(subscription.coming.amount) if subscription.coming else None,
            "charged_on": i18n.day(subscription.coming.at) if subscription.coming else None,
            "cards_url": public_url("payment_methods.index"),
            "add_url": public_url("payment_methods.add"),
        }
    mail: dict[str, Any] = {
        "template": "card_expiring",
        "to": organizations.billing_emails(organization),
        "context": context,
    }
    if card.expires_at is not None:
        mail["stale_at"] = card.expires_at.isoformat()
    tasks.record("send_mail", f"card_expiring:{card.public_id}:{card.expiry}", mail, queue="mail")
