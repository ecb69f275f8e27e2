"""Removing a card: not the one that a live plan is paid with, since then the plan would end without anybody having said so."""

from flask_babel import gettext as _

from app.core import i18n
from app.core.errors import PortalError
from app.core.extensions import db
from app.gateway import payment_methods as gateway
from app.gateway.errors import GatewayNotFound
from app.organizations.models import Organization
from app.subscriptions import service as subscriptions
from app.subscriptions.models import Subscription

from . import service
from .defaults import Commit
from .models import PaymentMethod


class CardNeeded(PortalError):
    """A live plan is paid with it. `is_last` says that there is no other card to pay with instead."""

    status = 409
    code = "payment_method_in_use"

    def __init__(self, card: PaymentMethod, subscription: Subscription, *, is_last: bool) -> None:
        plan = subscription.price.plan.name
        if not is_last:
            sentence = _("%(plan)s is paid with this card. Make another card the default first.", plan=plan)
        elif subscription.cancel_at:
            ends = i18n.moment(subscription.cancel_at)
            sentence = _(
                "%(plan)s is yours until %(date)s and has no other card. Remove it after that.", plan=plan, date=ends
            )
        else:
            sentence = _(
                "%(plan)s has no other card to be paid with. Add another one first, or cancel the plan instead.",
                plan=plan,
            )
        super().__init__(sentence)
        self.card, self.subscription, self.is_last = card, subscription, is_last


def check(organization: Organization, public_id: str) -> PaymentMethod:
    """The card, if it may be removed. Raises CardNotFound, CardNeeded."""
    card, cards = service.get(organization, public_id), service.of(organization)
    subscription = subscriptions.latest(organization)
    if subscription is not None and subscription.is_running:
        is_last = len(cards) == 1
        if is_last or card is service.charged(cards, subscription):
            raise CardNeeded(card, subscription, is_last=is_last)
    return card


def remove(organization: Organization, public_id: str, token: str, commit: Commit) -> str:
    """Forget a card, here and at Stripe, for good; answers its label. Raises CardNotFound, CardNeeded, Busy.

    Looks at Stripe before, because the other card may have been removed there.
    """
    with subscriptions.alone(organization):
        service.get(organization, public_id)
        service.absorb(organization, service.fetch(str(organization.stripe_customer_id)))
        commit()
        card = check(organization, public_id)
        label = card.label
        try:
            gateway.detach(f"card-remove:{card.public_id}:{token}", card.stripe_id)
        except GatewayNotFound as error:
            raise service.CardNotFound() from error
        service.absorb(organization, service.fetch(str(organization.stripe_customer_id)))
        db.session.flush()
    return label
