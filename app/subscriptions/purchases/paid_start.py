"""Paying for the plan at once with the card that was saved for a trial, where the trial may not begin."""

from dataclasses import dataclass, replace

from app.core import leases
from app.core.errors import AmountChanged, NotFound
from app.core.money import Money
from app.gateway import intents, payment_methods, previews
from app.gateway import subscriptions as gateway
from app.gateway.payment_intents import IntentRecord
from app.gateway.previews import PreviewRecord
from app.gateway.subscriptions import StartedSubscription
from app.organizations.models import Organization
from app.promotions import service as promotions
from app.promotions.refusals import CodeRefused
from app.subscriptions import service, taken_codes

from . import checkout, resubscribe
from .offers import AlreadySubscribed, Order
from .resubscribe import Outcome


@dataclass(frozen=True)
class PaidStart:
    """The order the card of `intent` was saved for, and what its first invoice would charge now.

    `refusal` says why its promotion code no longer counts, "" where it does or there is none.
    """

    intent: IntentRecord
    order: Order
    preview: PreviewRecord
    card: str
    refusal: str = ""

    @property
    def promotion(self) -> str | None:
        """Stripe's id of the code."""
        return self.intent.metadata.get("promotion") if self.order.code else None

    @property
    def again(self) -> dict[str, str]:
        """What checkout's address has for the same order."""
        return {"quantity": str(self.order.quantity), "promotion_code": self.order.code}

    @property
    def due(self) -> Money:
        return self.preview.money(self.preview.amount_due)


def of(organization: Organization, intent_id: str) -> PaidStart:
    """What starting at once would cost; creates nothing. Raises NotFound for a card that was saved for something else."""
    intent = checkout.look(organization, intent_id)
    order = checkout.order_of(intent)
    if order is None or intent.payment_method is None or not intent.is_done:
        raise NotFound()
    order, refusal = _redeemable(organization, order)
    preview = previews.new_subscription(
        order.price.stripe_price_id,
        customer=intent.customer,
        quantity=order.quantity,
        promotion=intent.metadata.get("promotion") if order.code else None,
    )
    return PaidStart(intent, order, preview, payment_methods.retrieve(intent.payment_method).label, refusal)


def _redeemable(organization: Organization, order: Order) -> tuple[Order, str]:
    """The order with its code, or without it and why."""
    if not order.code:
        return order, ""
    try:
        promotion = promotions.find(order.code, organization.stripe_customer_id)
        promotions.check(promotion, order.purchase(organization))
        taken_codes.check(organization, promotion)
    except CodeRefused as refusal:
        return replace(order, code=""), str(refusal)
    return order, ""


def pay(organization: Organization, intent_id: str, *, shown: int, token: str) -> Outcome:
    """Start the plan now and charge the saved card the amount `shown` (minor units), once per one-use `token`.

    Raises NotFound, AmountChanged, AlreadySubscribed; PaymentDeclined leaves nothing behind.
    """
    lease, key = service.lease(organization), f"subscription-start:{organization.public_id}:{token}"
    with leases.hold(lease, checkout.LEASE_SECONDS) as owner:
        if made := intents.outcome(key):
            return resubscribe.as_it_stands(organization, made)
        wanted = of(organization, intent_id)
        found = checkout.clear_the_way(organization, str(wanted.intent.customer), token)
        if found.running:
            checkout.absorb_all(organization, [*found.over, found.running])
            raise AlreadySubscribed()
        if wanted.due.amount != shown:
            raise AmountChanged()
        leases.assert_held(lease, owner)
        started = _start(key, wanted)
        unpaid = resubscribe.waits_for(started, token)
        checkout.absorb_all(organization, found.over)
        return Outcome(service.absorb(organization, started.record), unpaid)


def _start(key: str, wanted: PaidStart) -> StartedSubscription:
    without = () if wanted.promotion else ("promotion_code", "promotion")
    return gateway.start_with_card(
        key,
        customer=str(wanted.intent.customer),
        price=wanted.order.price.stripe_price_id,
        quantity=wanted.order.quantity,
        payment_method=str(wanted.intent.payment_method),
        promotion=wanted.promotion,
        metadata={name: value for name, value in wanted.intent.metadata.items() if name not in without},
    )
