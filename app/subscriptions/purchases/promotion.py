"""Promotion codes on a running subscription: what the next charge would be, taking one on, and letting a discount go."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from app.core import clock
from app.core.errors import PortalError
from app.core.money import Money
from app.gateway import intents, previews, subscription_changes
from app.gateway import subscriptions as gateway
from app.gateway.errors import GatewayRefused
from app.gateway.previews import PreviewRecord
from app.gateway.promotions import PromotionRecord
from app.gateway.subscription_records import SubscriptionRecord
from app.organizations.models import Organization
from app.promotions import service as promotions
from app.promotions import words
from app.promotions.refusals import CodeRefused, Reason
from app.promotions.service import Purchase
from app.promotions.words import Standing
from app.subscriptions import service, taken_codes
from app.subscriptions.models import Subscription
from app.subscriptions.states import Status


class CannotTakeCode(PortalError):
    """The sentence says what comes first."""

    status = 409
    code = "cannot_take_promotion_code"

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(_why_not(subscription))


class DiscountGone(PortalError):
    status = 404
    code = "discount_not_found"

    def __init__(self) -> None:
        super().__init__(_("Your subscription does not have this discount, or no longer. Nothing was changed."))


class ChargeChanged(PortalError):
    """Nothing was changed: the next charge is not what the page showed."""

    status = 409
    code = "amount_changed"

    def __init__(self) -> None:
        super().__init__(_("The amounts have changed since you opened the page. Nothing was changed; look once more."))


def _why_not(subscription: Subscription) -> str:
    if subscription.is_canceling:
        return str(_("Your plan is going to end, so nothing is left to take off. Keep your plan first."))
    if subscription.status == Status.PAUSED or subscription.is_pausing:
        return str(_("With a pause there is no next charge to take anything off. Use the code when you are back."))
    if subscription.scheduled_at:
        return str(_("A change of plan is scheduled, and discounts wait for it. Undo it, or use the code afterwards."))
    if subscription.is_waiting:
        return str(_("A change of plan waits for its payment. Pay or discard it first, then use the code."))
    return str(_("A payment is overdue. Pay it first; after that the code can be used for the next one."))


@dataclass(frozen=True)
class Sheet:
    """What a code does: the next charge without and with it; `kept` are the discounts that stay beside it.

    `payments` is how many it makes smaller, None for all there will be.
    """

    subscription: Subscription
    promotion: PromotionRecord
    usual: Money
    charge: PreviewRecord
    next_at: datetime
    payments: int | None
    kept: list[Standing]

    @property
    def next(self) -> Money:
        return self.charge.money(self.charge.amount_due)

    @property
    def terms(self) -> str:
        return words.of_code(self.promotion, self.charge.currency)


@dataclass(frozen=True)
class Removal:
    """The next charge with a discount, and without it."""

    discount: Standing
    usual: Money
    charge: PreviewRecord
    next_at: datetime

    @property
    def next(self) -> Money:
        return self.charge.money(self.charge.amount_due)


def preview(organization: Organization, code: str) -> Sheet:
    """What the code would do; changes nothing. Raises CannotTakeCode, CodeRefused, SubscriptionNotFound."""
    subscription = service.running(organization)
    if not subscription.can_take_a_code:
        raise CannotTakeCode(subscription)
    promotion = promotions.find(code, organization.stripe_customer_id)
    payments = _check(organization, subscription, promotion)
    return Sheet(
        subscription=subscription,
        promotion=promotion,
        usual=_usual(organization, subscription),
        charge=_reduced(organization, subscription, promotion),
        next_at=subscription.current_period_end,
        payments=payments,
        kept=subscription.standing_discounts,
    )


def apply(organization: Organization, code: str, *, shown: int, token: str) -> Subscription:
    """Take the code on for the next charge that was `shown` (minor units), once per one-use `token`.

    Discounts that are there already stay. Raises what `preview` does, ChargeChanged, and IntentSpent
    for a token whose code is gone again.
    """
    with service.alone(organization):
        subscription = service.running(organization)
        key = f"subscription-code:{subscription.public_id}:{token}"
        if intents.outcome(key):
            subscription = service.absorb(organization, gateway.retrieve(subscription.stripe_id))
            if not _has(subscription, code.strip()):
                raise intents.IntentSpent()
            return subscription
        sheet = preview(organization, code)
        if sheet.next.amount != shown:
            raise ChargeChanged()
        promotion, kept = sheet.promotion, _ids(subscription)
        try:
            record = subscription_changes.add_code(key, subscription.stripe_id, promotion.stripe_id, kept)
        except GatewayRefused as error:
            raise promotions.refused_by_stripe(promotion, _purchase(organization, subscription)) from error
        return _absorb(organization, record, sheet.charge)


def preview_removal(organization: Organization, discount: str) -> Removal:
    """What letting the discount of this Stripe id go would do. Raises DiscountGone, CannotTakeCode."""
    subscription = service.running(organization)
    found = next((one for one in subscription.standing_discounts if one.stripe_id == discount), None)
    if found is None:
        raise DiscountGone()
    if not subscription.can_take_a_code:
        raise CannotTakeCode(subscription)
    usual = _usual(organization, subscription)
    left = previews.without(str(organization.stripe_customer_id), subscription.stripe_id, _ids(subscription, discount))
    return Removal(found, usual, left, subscription.current_period_end)


def remove(organization: Organization, discount: str, *, shown: int, token: str) -> Subscription:
    """Let a discount go, for the next charge that was `shown`, once per `token`. Raises as `preview_removal`.

    And ChargeChanged, or IntentSpent for a token that let another one go.
    """
    with service.alone(organization):
        subscription = service.running(organization)
        key = f"subscription-discount-removal:{subscription.public_id}:{token}"
        if intents.outcome(key):
            subscription = service.absorb(organization, gateway.retrieve(subscription.stripe_id))
            if discount in _ids(subscription):
                raise intents.IntentSpent()
            return subscription
        sheet = preview_removal(organization, discount)
        if sheet.next.amount != shown:
            raise ChargeChanged()
        left = _ids(subscription, discount)
        record = subscription_changes.keep_discounts(key, subscription.stripe_id, left)
        return _absorb(organization, record, sheet.charge)


def _absorb(organization: Organization, record: SubscriptionRecord, charge: PreviewRecord) -> Subscription:
    subscription = service.absorb(organization, record)
    service.keep_next_charge(organization, subscription, charge)
    return subscription


def _check(organization: Organization, subscription: Subscription, promotion: PromotionRecord) -> int | None:
    """How many payments the code makes smaller. Raises CodeRefused."""
    promotions.check(promotion, _purchase(organization, subscription))
    if _has(subscription, promotion.code):
        raise CodeRefused(Reason.TWICE)
    taken_codes.check(organization, promotion)
    charged_at = subscription.current_period_end
    payments = promotions.discounted_periods(promotion, subscription.price.interval, clock.now(), charged_at)
    if payments == 0:
        raise CodeRefused.too_soon(charged_at)
    return payments


def _has(subscription: Subscription, code: str) -> bool:
    return any((one["code"] or "").casefold() == code.casefold() for one in subscription.discounts)


def _purchase(organization: Organization, subscription: Subscription) -> Purchase:
    product = subscription.price.plan.stripe_product_id
    return Purchase(organization.stripe_customer_id, product, subscription.amount)


def _usual(organization: Organization, subscription: Subscription) -> Money:
    """The next charge as it stands, which every page shows; asked for where it is not known yet."""
    if subscription.coming is not None:
        return subscription.coming.amount
    record = previews.next_charge(str(organization.stripe_customer_id), subscription.stripe_id)
    return record.money(record.amount_due)


def _reduced(organization: Organization, subscription: Subscription, promotion: PromotionRecord) -> PreviewRecord:
    customer, kept = str(organization.stripe_customer_id), _ids(subscription)
    try:
        return previews.with_code(customer, subscription.stripe_id, promotion.stripe_id, kept)
    except GatewayRefused as error:
        raise promotions.refused_by_stripe(promotion, _purchase(organization, subscription)) from error


def _ids(subscription: Subscription, but: str = "") -> list[str]:
    return [one["id"] for one in subscription.discounts if one["id"] != but]
