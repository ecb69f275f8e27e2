"""How a trial begins: with a card or without, once per organization and once per card."""

from collections.abc import Mapping

from app.catalog.models import Price, TrialCard, TrialEnd
from app.gateway import customers
from app.gateway import subscriptions as gateway
from app.gateway.subscription_records import SubscriptionRecord
from app.organizations.models import Organization
from app.subscriptions import trial_cards

from .offers import Order

AT_STRIPE = {TrialEnd.CANCEL: "cancel", TrialEnd.PAUSE: "pause", TrialEnd.INVOICE: "create_invoice"}


def needs_card(price: Price) -> bool:
    """Whether a trial of this plan begins with a card."""
    return price.plan.trial_card == TrialCard.REQUIRED


def begin(
    key: str,
    organization: Organization,
    order: Order,
    *,
    customer: str,
    days: int,
    payment_method: str | None,
    promotion: str | None,
    metadata: Mapping[str, str],
) -> SubscriptionRecord:
    """Create the trial at Stripe, once per `key`; a card it begins with is used up for others. Raises TrialCardUsed.

    Without `payment_method` it has the customer's default card, if there is one: Stripe would charge that in the end.
    """
    if payment_method is not None:
        trial_cards.claim(organization, payment_method)
    return gateway.start_trial(
        key,
        customer=customer,
        price=order.price.stripe_price_id,
        quantity=order.quantity,
        promotion=promotion,
        days=days,
        payment_method=payment_method or customers.retrieve(customer).default_payment_method,
        without_card=AT_STRIPE[TrialEnd(order.price.plan.trial_end)],
        metadata=metadata,
    )
