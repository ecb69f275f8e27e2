"""Going on after a trial that ended without a card: the card that comes is saved, and pays the first period at once."""

from app.core.errors import AmountChanged
from app.gateway import customers, intents, payment_intents
from app.gateway import subscription_changes as gateway
from app.gateway.payment_intents import IntentRecord
from app.organizations.models import Organization
from app.subscriptions import service
from app.subscriptions.models import Subscription
from app.subscriptions.pauses import resuming
from app.subscriptions.pauses.resuming import NotPaused

PURPOSE = "continuation"


def start(organization: Organization, *, shown: int, token: str) -> str:
    """Begin saving the card; answers the secret that the browser confirms. The amount agreed to goes along at Stripe.

    `shown` is the amount on the page in minor units, `token` the form's one-use token. Raises NotPaused, AmountChanged.
    """
    subscription, present = resuming.preview(organization)
    if not subscription.is_trial_over:
        raise NotPaused()
    if present.amount_due != shown:
        raise AmountChanged()
    labels = {"organization": organization.public_id, "subscription": subscription.public_id, "amount": str(shown)}
    customer = str(organization.stripe_customer_id)
    key = f"{PURPOSE}:{organization.public_id}:{token}"
    return payment_intents.save_card(key, customer=customer, metadata={"purpose": PURPOSE, **labels})


def is_ours(intent: IntentRecord) -> bool:
    return intent.is_setup and intent.metadata.get("purpose") == PURPOSE


def go_on(organization: Organization, intent: IntentRecord) -> None:
    """Make the saved card the default and resume for the amount agreed to, once, whoever learns of the card first.

    By another amount nothing is charged: the plan stays paused, with its card. The same when the card does not pay; then
    the latest invoice waits for it.
    """
    if intent.payment_method is None or intent.customer is None:
        return
    with service.alone(organization):
        subscription = service.latest(organization)
        if subscription is None or not _is_meant(subscription, intent):
            return
        record = gateway.set_default_payment_method(
            f"continuation-card:{intent.stripe_id}", subscription.stripe_id, intent.payment_method
        )
        customers.set_default_card(f"card-default:{intent.stripe_id}", intent.customer, intent.payment_method)
        present = resuming.cost(organization, subscription)
        if str(present.amount_due) != intent.metadata.get("amount"):
            service.absorb(organization, record)
            return
        resuming.carry_out(organization, subscription, _key(intent.stripe_id))


def is_tried(intent_id: str) -> bool:
    """Whether the card of this intent was asked for the amount."""
    return intents.outcome(_key(intent_id)) is not None


def _key(intent_id: str) -> str:
    return f"subscription-resume:{intent_id}"


def _is_meant(subscription: Subscription, intent: IntentRecord) -> bool:
    return subscription.is_trial_over and subscription.public_id == intent.metadata.get("subscription")
