"""Another card: saved in the browser by Stripe.js, learned of from Stripe, by the return page or the event, in any order."""

from app.core.errors import NotFound
from app.gateway import payment_intents
from app.gateway.errors import GatewayNotFound
from app.gateway.payment_intents import IntentRecord
from app.organizations import customer as customers
from app.organizations.models import Organization
from app.subscriptions import service as subscriptions
from app.subscriptions.purchases.checkout import Buyer

from . import defaults, service
from .defaults import Commit

PURPOSE = "card"


def start(organization: Organization, buyer: Buyer | None, *, make_default: bool, due: str, token: str) -> str:
    """Begin saving a card; answers the secret that the browser confirms. What shall become of it goes along at Stripe.

    `due` is what the page said is overdue, as `defaults.owed` does: only that may be charged. `buyer` makes the customer of
    an organization that Stripe does not know yet.
    """
    if buyer is not None:
        customer = customers.ensure(
            organization, name=buyer.name, country=buyer.country, email=buyer.email, token=token
        )
    else:
        customer = str(organization.stripe_customer_id)
    wish = {"purpose": PURPOSE, "organization": organization.public_id, "default": "yes" if make_default else "no"}
    key = f"card-add:{organization.public_id}:{token}"
    return payment_intents.save_card(key, customer=customer, metadata=wish | ({"due": due} if due else {}))


def complete(organization: Organization, intent_id: str, commit: Commit) -> IntentRecord:
    """After the browser came back: ask Stripe about the intent and absorb what it brought. Raises NotFound."""
    try:
        intent = payment_intents.retrieve(intent_id)
    except GatewayNotFound as error:  # the same answer as for somebody else's
        raise NotFound() from error
    if intent.customer is None or intent.customer != organization.stripe_customer_id or not is_ours(intent):
        raise NotFound()
    if intent.is_done:
        absorb(organization, intent, commit)
    return intent


def is_ours(intent: IntentRecord) -> bool:
    """Not a card that was saved to begin a trial with."""
    return intent.is_setup and intent.metadata.get("purpose") == PURPOSE


def absorb(organization: Organization, intent: IntentRecord, commit: Commit) -> None:
    """Bring in a card that was saved and make it the default if that was wished, once. Raises Busy.

    A card that was saved and is gone already is no failure: whoever removed it knows.
    """
    if not is_ours(intent) or intent.payment_method is None or intent.customer is None:
        return
    if intent.metadata.get("default") != "yes" or defaults.is_done(organization, intent.stripe_id):
        service.absorb(organization, service.fetch(intent.customer))
        return
    with subscriptions.alone(organization):
        try:
            agreed = intent.metadata.get("due", "")
            defaults.settle(organization, intent.payment_method, intent.stripe_id, commit, agreed=agreed)
        except service.CardNotFound:
            return
