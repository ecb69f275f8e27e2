"""Pressing Pay: what the browser is to confirm, for the order and the amount that the page showed, once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask_babel import gettext as _

from app.core import leases
from app.core.errors import PortalError
from app.gateway import payment_intents
from app.gateway import subscriptions as gateway
from app.gateway.errors import GatewayRefused
from app.gateway.promotions import PromotionRecord
from app.gateway.subscription_records import SubscriptionRecord
from app.gateway.subscriptions import StartedSubscription
from app.organizations import customer as customers
from app.organizations.models import Organization
from app.promotions import service as promotions
from app.promotions.refusals import CodeRefused, Reason
from app.subscriptions import service
from app.subscriptions.states import Status

from . import checkout, offers, trials
from .checkout import Buyer
from .offers import Order


class OrderChanged(PortalError):
    """What would be charged is not what the page showed; nothing is left behind."""

    status = 409
    code = "amount_changed"

    def __init__(self) -> None:
        super().__init__(
            _("The amount has changed since you opened the page. Nothing was charged; reload the page to see it.")
        )


class CodeSpent(CodeRefused):
    """The promotion code was good when the page was opened, and no longer is."""

    status = 409

    def __init__(self, refusal: CodeRefused) -> None:
        super().__init__(refusal.reason, **refusal.values)

    def __str__(self) -> str:
        after = _("Nothing was charged; reload the page to see the price without it.")
        return f"{super().__str__()} {after}"


class CodeHeld(PortalError):
    """Their own unfinished start has the last use of the code, so it is kept."""

    status = 409
    code = "promotion_code_held"

    def __init__(self) -> None:
        super().__init__(
            _(
                "This code can be used once more, and the order you began before has it. Nothing was charged; finish that "
                "order as it was, or order this one without the code."
            )
        )


@dataclass(frozen=True)
class Confirmation:
    """What the browser confirms with Stripe.js: `kind` is `payment`, `setup`, or `done` when nothing is left to pay."""

    kind: str
    client_secret: str


DONE = Confirmation("done", "")


def start(organization: Organization, order: Order, buyer: Buyer, *, shown: int | None, token: str) -> Confirmation:
    """Prepare what the browser confirms. `token` is the form's one-use token.

    `shown` is the amount due today that the page showed, in minor units, None where none was. Raises OtherCurrency,
    CodeSpent, OrderChanged, PaymentUnderway, Busy and what Stripe refuses.
    """
    offers.check_currency(organization, order.price)
    days = offers.trial_days(organization, order.price)
    lease = service.lease(organization)
    with leases.hold(lease, checkout.LEASE_SECONDS) as owner:
        customer = customers.ensure(
            organization, name=buyer.name, country=buyer.country, email=buyer.email, token=token
        )
        found = checkout.clear_the_way(organization, customer, token, order, lambda: _check_code(organization, order))
        if found.running:
            checkout.absorb_all(organization, [*found.over, found.running])
            return DONE
        if found.unfinished:
            started = gateway.resume_start(found.unfinished.stripe_id)
        else:
            promotion = _redeemable(organization, order)
            labels = checkout.labels_of(organization, order, promotion)
            if days:
                confirmation, begun = _trial(organization, order, customer, days, promotion, token)
                checkout.absorb_all(organization, [*found.over, *begun])
                return confirmation
            leases.assert_held(lease, owner)
            with code_refused(organization, order, promotion):
                started = gateway.start(
                    f"subscription-start:{organization.public_id}:{token}",
                    customer=customer,
                    price=order.price.stripe_price_id,
                    quantity=order.quantity,
                    promotion=promotion.stripe_id if promotion else None,
                    metadata=labels,
                )
        _check_amount(started, shown, token)
        checkout.absorb_all(organization, [*found.over, started.record])
        return _to_confirm(started)


def _trial(
    organization: Organization, order: Order, customer: str, days: int, promotion: PromotionRecord | None, token: str
) -> tuple[Confirmation, list[SubscriptionRecord]]:
    """Begin the trial where it needs no card, else a card to be saved for it."""
    labels = checkout.labels_of(organization, order, promotion)
    if trials.needs_card(order.price):
        return Confirmation(
            "setup",
            payment_intents.save_card(
                f"trial-card:{organization.public_id}:{token}", customer=customer, metadata=labels
            ),
        ), []
    with code_refused(organization, order, promotion):
        begun = trials.begin(
            f"subscription-start:{organization.public_id}:{token}",
            organization,
            order,
            customer=customer,
            days=days,
            payment_method=None,
            promotion=promotion.stripe_id if promotion else None,
            metadata=labels,
        )
    return DONE, [begun]


def _redeemable(organization: Organization, order: Order) -> PromotionRecord | None:
    """What stands for the code of this order, if it has one. Raises CodeSpent."""
    if not order.code:
        return None
    try:
        promotion = promotions.find(order.code, organization.stripe_customer_id)
        offers.check_code(organization, order, promotion)
    except CodeRefused as refusal:
        raise CodeSpent(refusal) from refusal
    return promotion


def _check_code(organization: Organization, order: Order) -> None:
    """Before another start is given up for this order. Raises CodeSpent, CodeHeld where that start has the last use."""
    try:
        _redeemable(organization, order)
    except CodeSpent as spent:
        begun = service.latest(organization)
        held = begun.promotion_code if begun is not None and begun.is_incomplete else None
        if spent.reason == Reason.USED_UP and (held or "").casefold() == order.code.casefold():
            raise CodeHeld() from spent
        raise


@contextmanager
def code_refused(organization: Organization, order: Order, promotion: PromotionRecord | None) -> Iterator[None]:
    """A refusal of Stripe's in this block may be about the promotion code: it was used up meanwhile. Raises CodeSpent."""
    try:
        yield
    except GatewayRefused as error:
        if promotion is None or not (error.param or "").startswith("discounts"):
            raise
        raise CodeSpent(promotions.refused_by_stripe(promotion, order.purchase(organization))) from error


def _check_amount(started: StartedSubscription, shown: int | None, token: str) -> None:
    """Nobody pays another amount than they saw; what was begun for another one ends unpaid. Raises OrderChanged."""
    if started.record.status == Status.INCOMPLETE and shown not in (None, started.amount_due):
        gateway.abandon(started.record, token)
        raise OrderChanged()


def _to_confirm(started: StartedSubscription) -> Confirmation:
    if started.client_secret:
        return Confirmation("payment", started.client_secret)
    if started.setup_secret and not _is_free_for_good(started):
        return Confirmation("setup", started.setup_secret)
    return DONE


def _is_free_for_good(started: StartedSubscription) -> bool:
    """No card is asked for where there will never be anything to charge."""
    discounts = started.record.discounts
    return started.total == 0 and any(discount["duration"] == "forever" for discount in discounts)
