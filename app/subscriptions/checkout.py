"""Buying a plan: at most one live subscription per organization, however often and wherever the button is pressed.

One lease per organization lets one press through at a time. Each looks at Stripe before it creates anything, and what
it creates carries the one-use token of its form as idempotency key.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from app.catalog.models import Price
from app.core import leases
from app.core.errors import NotFound, PortalError
from app.core.extensions import db
from app.gateway import payment_intents
from app.gateway import subscriptions as gateway
from app.gateway.errors import GatewayNotFound
from app.gateway.payment_intents import IntentRecord
from app.gateway.subscription_records import SubscriptionRecord
from app.organizations import customer as customers
from app.organizations.models import Organization

from . import service
from .offers import trial_days
from .states import RUNNING, Status


class PaymentUnderway(PortalError):
    """Another start of theirs is being paid right now; what to do follows from how that ends."""

    status = 409
    code = "payment_underway"

    def __init__(self) -> None:
        super().__init__(_("A payment of your organization is being processed. Please wait a moment and look again."))


LEASE_SECONDS = 60
"""Longer than Stripe's slowest answer; whoever took longer still finds, before creating anything, that the lease is lost."""


@dataclass(frozen=True)
class Confirmation:
    """What the browser confirms with Stripe.js: `kind` is `payment`, `setup`, or `done` when nothing is left to pay."""

    kind: str
    client_secret: str


@dataclass(frozen=True)
class Buyer:
    """Who is billed: name and ISO country as the customer typed them, and the mail address of the person buying."""

    name: str
    country: str
    email: str


def start(organization: Organization, price: Price, buyer: Buyer, token: str) -> Confirmation:
    """Prepare what the browser confirms. `token` is the form's one-use token. Raises Busy and what Stripe refuses."""
    days = trial_days(organization, price)
    with leases.hold(_lease(organization), LEASE_SECONDS) as lease:
        customer = customers.ensure(
            organization, name=buyer.name, country=buyer.country, email=buyer.email, token=token
        )
        found = _clear_the_way(organization, customer, token, take_up=price)
        if found.running:
            _absorb(organization, [*found.over, found.running])
            return Confirmation("done", "")
        started = gateway.resume_start(found.unfinished.stripe_id) if found.unfinished else None
        secret = None
        labels = _labels(organization, price)
        if started is None and days:
            secret = payment_intents.save_card(f"trial-card:{token}", customer=customer, metadata=labels)
        elif started is None:
            key = f"subscription-start:{token}"
            leases.assert_held(_lease(organization), lease)
            started = gateway.start(key, customer=customer, price=price.stripe_price_id, metadata=labels)
        _absorb(organization, [*found.over, *([started.record] if started else [])])
    if started is None:
        return Confirmation("setup", str(secret))
    return Confirmation("payment", started.client_secret) if started.client_secret else Confirmation("done", "")


@dataclass(frozen=True)
class Found:
    """What Stripe has of a customer: at most one that runs, or one unfinished start to take up, and what is over."""

    running: SubscriptionRecord | None
    unfinished: SubscriptionRecord | None
    over: list[SubscriptionRecord]


def _clear_the_way(organization: Organization, customer: str, token: str, take_up: Price | None = None) -> Found:
    """Look at Stripe, and end unfinished starts but one of the price to `take_up`. Raises PaymentUnderway.

    Whichever of them was paid in the meantime is the one that runs.
    """
    known, over = _look(organization, customer)
    if running := _running(known):
        return Found(running, None, over)
    wanted = take_up.stripe_price_id if take_up else None
    unfinished = next((record for record in known if record.price == wanted), None)
    given_up = [gateway.abandon(record, token) for record in known if record is not unfinished]
    if any(record.status == Status.INCOMPLETE for record in given_up):
        raise PaymentUnderway()
    over += [record for record in given_up if record.status not in RUNNING]
    return Found(_running(given_up), unfinished, over)


def _running(records: list[SubscriptionRecord]) -> SubscriptionRecord | None:
    return next((record for record in records if record.status in RUNNING), None)


def _look(organization: Organization, customer: str) -> tuple[list[SubscriptionRecord], list[SubscriptionRecord]]:
    """What Stripe has not ended, and what it has although we did not hear of it yet."""
    known = gateway.of_customer(customer)
    return known, service.refetch_others(organization, {record.stripe_id for record in known})


def _absorb(organization: Organization, records: list[SubscriptionRecord]) -> None:
    """In this order, because two may not be live in our tables at once: what ended comes first."""
    for record in records:
        service.absorb(organization, record)


def _lease(organization: Organization) -> str:
    return service.lease(organization)


def _labels(organization: Organization, price: Price) -> dict[str, str]:
    return {"purpose": "subscription", "organization": organization.public_id, "price": price.public_id}


def complete(organization: Organization, intent_id: str) -> IntentRecord:
    """After the browser came back: ask Stripe about the intent and absorb what it brought. Raises NotFound."""
    try:
        intent = payment_intents.retrieve(intent_id)
    except GatewayNotFound as error:  # the same answer as for somebody else's
        raise NotFound() from error
    if intent.customer is None or intent.customer != organization.stripe_customer_id:
        raise NotFound()
    if intent.is_done:
        absorb_intent(organization, intent)
    return intent


def absorb_intent(organization: Organization, intent: IntentRecord) -> None:
    """A succeeded intent: a saved card begins its trial, a payment brings its subscription up to date."""
    if intent.is_setup:
        begin_trial(organization, intent)
    elif stripe_id := payment_intents.subscription_of(intent.stripe_id):
        service.sync(stripe_id)


def begin_trial(organization: Organization, intent: IntentRecord) -> None:
    """Create the trial a card was saved for, once, whoever learns of it first: the return page or the webhook.

    An organization has one trial: a second saved card, or an old return page opened again, begins nothing.
    """
    price = _price_of(intent.metadata)
    if price is None or intent.payment_method is None or intent.customer is None:
        return  # a card saved for another purpose
    with leases.hold(_lease(organization), LEASE_SECONDS) as lease:
        days = trial_days(organization, price)
        if not days:
            return
        found = _clear_the_way(organization, intent.customer, intent.stripe_id)
        leases.assert_held(_lease(organization), lease)
        record = found.running or gateway.start_trial(
            f"subscription-start:{intent.stripe_id}",
            customer=intent.customer,
            price=price.stripe_price_id,
            days=days,
            payment_method=intent.payment_method,
            metadata=_labels(organization, price),
        )
        _absorb(organization, [*found.over, record])


def _price_of(metadata: Mapping[str, str]) -> Price | None:
    if metadata.get("purpose") != "subscription":
        return None
    return db.session.scalar(Price.by_public_id(metadata.get("price", "")))
