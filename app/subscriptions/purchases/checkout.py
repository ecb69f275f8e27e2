"""Buying a plan: at most one live subscription per organization, however often and wherever the button is pressed.

One lease per organization lets one press through at a time. Each looks at Stripe before it creates anything, and what
it creates carries the one-use token of its form as idempotency key.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import gettext as _

from app.catalog.models import Price
from app.core import leases
from app.core.errors import NotFound, PortalError
from app.core.extensions import db
from app.gateway import payment_intents
from app.gateway import subscriptions as gateway
from app.gateway.errors import GatewayNotFound, GatewayRefused
from app.gateway.payment_intents import IntentRecord
from app.gateway.promotions import PromotionRecord
from app.gateway.subscription_records import SubscriptionRecord
from app.organizations.models import Organization
from app.subscriptions import service
from app.subscriptions.states import RUNNING, Status

from . import continuing, trials
from .offers import Order, trial_days


class PaymentUnderway(PortalError):
    """Another start of theirs is being paid right now; what to do follows from how that ends."""

    status = 409
    code = "payment_underway"

    def __init__(self) -> None:
        super().__init__(_("A payment of your organization is being processed. Please wait a moment and look again."))


class TrialNotBegun(PortalError):
    """Its promotion code was used up while the card was saved; nobody agreed to the price without it."""

    status = 409
    code = "promotion_code_spent"

    def __init__(self) -> None:
        super().__init__(
            _(
                "Your promotion code can no longer be used, so the trial has not begun and nothing was charged. "
                "Open the plan once more to see its price without the code."
            )
        )


PURPOSE = "subscription"
LEASE_SECONDS = 45
"""Longer than Stripe's slowest answer; whoever took longer still finds, before creating anything, that the lease is lost."""


@dataclass(frozen=True)
class Buyer:
    """Who is billed: name and ISO country as the customer typed them, and the mail address of the person buying."""

    name: str
    country: str
    email: str


@dataclass(frozen=True)
class Found:
    """What Stripe has of a customer: at most one that runs, or one unfinished start to take up, and what is over."""

    running: SubscriptionRecord | None
    unfinished: SubscriptionRecord | None
    over: list[SubscriptionRecord]


def clear_the_way(
    organization: Organization,
    customer: str,
    token: str,
    take_up: Order | None = None,
    before: Callable[[], object] = lambda: None,
) -> Found:
    """Look at Stripe, and end unfinished starts but one of the order to `take_up`. Raises PaymentUnderway.

    `before` is done before any ends, and may raise what keeps them: one may hold the last use of a promotion code.
    Whichever of them was paid in the meantime is the one that runs.
    """
    known, over = _look(organization, customer)
    if running := _running(known):
        return Found(running, None, over)
    unfinished = next((record for record in known if take_up and _is_of(record, take_up)), None)
    if unfinished is None and known:
        before()
    given_up = [gateway.abandon(record, token) for record in known if record is not unfinished]
    if any(record.status == Status.INCOMPLETE for record in given_up):
        raise PaymentUnderway()
    over += [record for record in given_up if record.status not in RUNNING]
    return Found(_running(given_up), unfinished, over)


def _is_of(record: SubscriptionRecord, order: Order) -> bool:
    same = (record.price, record.quantity) == (order.price.stripe_price_id, order.quantity)
    return same and (record.promotion_code or "").casefold() == order.code.casefold()


def _running(records: list[SubscriptionRecord]) -> SubscriptionRecord | None:
    return next((record for record in records if record.status in RUNNING), None)


def _look(organization: Organization, customer: str) -> tuple[list[SubscriptionRecord], list[SubscriptionRecord]]:
    """What Stripe has not ended, and what it has although we did not hear of it yet."""
    known = gateway.of_customer(customer)
    return known, service.refetch_others(organization, {record.stripe_id for record in known})


def absorb_all(organization: Organization, records: list[SubscriptionRecord]) -> None:
    """In this order, because two may not be live in our tables at once: what ended comes first."""
    for record in records:
        service.absorb(organization, record)


def _lease(organization: Organization) -> str:
    return service.lease(organization)


def labels_of(organization: Organization, order: Order, promotion: PromotionRecord | None = None) -> dict[str, str]:
    """What an object at Stripe keeps of the order it was made for; `order_of` reads it."""
    labels = {"purpose": PURPOSE, "organization": organization.public_id, "price": order.price.public_id}
    if order.quantity > 1:
        labels["quantity"] = str(order.quantity)
    return labels | ({"promotion_code": promotion.code, "promotion": promotion.stripe_id} if promotion else {})


def complete(organization: Organization, intent_id: str) -> IntentRecord:
    """After the browser came back: ask Stripe about the intent and absorb what it brought. Raises NotFound."""
    intent = look(organization, intent_id)
    if intent.is_done:
        absorb_intent(organization, intent)
    return intent


def look(organization: Organization, intent_id: str) -> IntentRecord:
    """One of this organization's intents as Stripe has it. Raises NotFound."""
    try:
        intent = payment_intents.retrieve(intent_id)
    except GatewayNotFound as error:  # the same answer as for somebody else's
        raise NotFound() from error
    if intent.customer is None or intent.customer != organization.stripe_customer_id:
        raise NotFound()
    return intent


def absorb_intent(organization: Organization, intent: IntentRecord) -> None:
    """A succeeded intent: a saved card begins its trial, or is that of a start with nothing to pay; a payment settles one."""
    if not intent.is_setup:
        paid = payment_intents.paid_invoice(intent.stripe_id)
        if paid is not None and paid.subscription is not None:
            service.sync(paid.subscription)
    elif continuing.is_ours(intent):
        continuing.go_on(organization, intent)
    elif "purpose" in intent.metadata:
        begin_trial(organization, intent)
    elif (subscription := service.latest(organization)) is not None:
        service.sync(subscription.stripe_id)


def begin_trial(organization: Organization, intent: IntentRecord) -> None:
    """Create the trial a card was saved for, once, whoever learns of it first: the return page or the webhook.

    An organization has one trial: a second saved card, or an old return page opened again, begins nothing. Raises
    TrialNotBegun, and TrialCardUsed for a card that another organization's trial began with.
    """
    order = order_of(intent)
    if order is None or intent.payment_method is None or intent.customer is None:
        return  # a card saved for another purpose
    with leases.hold(_lease(organization), LEASE_SECONDS) as lease:
        days = trial_days(organization, order.price)
        if not days:
            return
        found = clear_the_way(organization, intent.customer, intent.stripe_id)
        if found.running is None:
            leases.assert_held(_lease(organization), lease)
        record = found.running or _start_trial(organization, order, intent, days)
        absorb_all(organization, [*found.over, record])


def _start_trial(organization: Organization, order: Order, intent: IntentRecord, days: int) -> SubscriptionRecord:
    promotion = intent.metadata.get("promotion")
    try:
        return trials.begin(
            f"subscription-start:{intent.stripe_id}",
            organization,
            order,
            customer=str(intent.customer),
            days=days,
            payment_method=intent.payment_method,
            promotion=promotion,
            metadata=intent.metadata,
        )
    except GatewayRefused as error:
        if promotion and (error.param or "").startswith("discounts"):
            raise TrialNotBegun() from error
        raise


def order_of(intent: IntentRecord) -> Order | None:
    """What a card was saved for to try it; None for a card saved for another purpose."""
    metadata = intent.metadata
    if metadata.get("purpose") != PURPOSE:
        return None
    price = db.session.scalar(Price.by_public_id(metadata.get("price", "")))
    return Order(price, int(metadata.get("quantity", "1")), metadata.get("promotion_code", "")) if price else None
