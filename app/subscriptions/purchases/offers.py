"""What a plan would cost this organization, in Stripe's own arithmetic; creates nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import exists, select

from app.catalog.models import Price, TrialCard
from app.core import clock
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.money import Money
from app.gateway import previews
from app.gateway.errors import GatewayRefused
from app.gateway.previews import PreviewRecord
from app.gateway.promotions import PromotionRecord
from app.organizations.models import Organization
from app.promotions import service as promotions
from app.promotions import words
from app.promotions.refusals import CodeRefused
from app.promotions.service import Purchase
from app.subscriptions import service, taken_codes
from app.subscriptions.explanations import lines
from app.subscriptions.explanations.lines import Line
from app.subscriptions.models import Subscription


class AlreadySubscribed(PortalError):
    status = 409
    code = "already_subscribed"

    def __init__(self) -> None:
        super().__init__(_("Your organization already has a plan. Nothing was charged."))


class OtherCurrency(PortalError):
    """A customer is billed in one currency (https://docs.stripe.com/billing/customer#multiple-currencies)."""

    status = 409
    code = "other_currency"

    def __init__(self, ours: str, theirs: str) -> None:
        super().__init__(
            _(
                "Your organization is billed in %(ours)s and keeps that currency, so it cannot buy a plan in %(theirs)s. "
                "Nothing was charged; choose a plan in %(ours)s from the list.",
                ours=ours.upper(),
                theirs=theirs.upper(),
            )
        )


@dataclass(frozen=True)
class Order:
    """What somebody wants: so many seats (1 for a plan without), with the promotion code they typed, "" for none."""

    price: Price
    quantity: int = 1
    code: str = ""

    @property
    def amount(self) -> Money:
        """For one period, before discounts and tax."""
        return Money(self.price.unit_amount, self.price.currency) * self.quantity

    def purchase(self, organization: Organization) -> Purchase:
        return Purchase(organization.stripe_customer_id, self.price.plan.stripe_product_id, self.amount)


@dataclass(frozen=True)
class Offer:
    """What the checkout page shows: the previews are Stripe's own arithmetic, `trial_days` is 0 without a trial.

    `afterwards` is what a period costs once the discount of the `promotion` is over, None where it does not end.
    """

    order: Order
    preview: PreviewRecord
    trial_days: int
    promotion: PromotionRecord | None = None
    afterwards: PreviewRecord | None = None

    @property
    def price(self) -> Price:
        return self.order.price

    @property
    def nothing(self) -> Money:
        return self.preview.money(0)

    @property
    def subtotal(self) -> Money:
        return self.preview.money(self.preview.subtotal)

    @property
    def discount(self) -> Money:
        return self.preview.money(self.preview.discount)

    @property
    def tax(self) -> Money:
        return self.preview.money(self.preview.tax)

    @property
    def due(self) -> Money:
        """What the first charge takes: today, or when the trial ends."""
        return self.preview.money(self.preview.amount_due)

    @property
    def due_today(self) -> Money:
        return self.nothing if self.trial_days else self.due

    @property
    def lines(self) -> list[Line]:
        """What the first charge is made of, with the facts behind each amount."""
        return [lines.line(record, self.preview.currency) for record in self.preview.lines]

    @property
    def next_charge_at(self) -> datetime:
        """When money moves after today: the end of the trial, else the end of the first period."""
        if self.trial_days:
            return clock.now() + timedelta(days=self.trial_days)
        return max(line.period_end for line in self.preview.lines)

    @property
    def next_amount(self) -> Money:
        """What is charged then."""
        is_over = not self.trial_days and self.discounted_periods == 1
        return self.lasting if is_over else self.preview.money(self.preview.total)

    @property
    def lasting(self) -> Money:
        """What a period costs in the end, without a discount that ends before."""
        record = self.afterwards or self.preview
        return record.money(record.total)

    @property
    def discounted_periods(self) -> int | None:
        """How many charges the promotion code makes smaller; None for all of them, or without a code."""
        if self.promotion is None:
            return None
        return _discounted_periods(self.promotion, self.price, self.trial_days)

    @property
    def terms(self) -> str:
        """What the code takes off and for how long, in words."""
        return words.of_code(self.promotion, self.preview.currency) if self.promotion else ""

    @property
    def course(self) -> str:
        """What is paid in the course of time where the discount ends, else ""."""
        periods = self.discounted_periods
        if periods is None or self.afterwards is None:
            return ""
        return words.course(periods, self.price.interval, self.preview.money(self.preview.total), self.lasting)

    @property
    def needs_card(self) -> bool:
        """Whether there is, or will be, anything to charge; a trial needs one, or none, by the terms of its plan."""
        if self.trial_days:
            return not self.begins_without_card
        return bool(self.due_today.amount or self.lasting.amount)

    @property
    def begins_without_card(self) -> bool:
        """A trial whose card may come later, or never."""
        return self.trial_days > 0 and self.price.plan.trial_card == TrialCard.OPTIONAL


def of(organization: Organization, order: Order) -> Offer:
    """The amounts of this order for this organization; creates nothing.

    An unfinished start of the same order is what its first invoice says. Raises AlreadySubscribed, OtherCurrency,
    CodeRefused.
    """
    current = service.latest(organization)
    if current is not None and current.is_running:
        raise AlreadySubscribed()
    days = order.price.plan.trial_days
    if current is not None:  # else there is no past that could bind them
        check_currency(organization, order.price)
        days = trial_days(organization, order.price)
    promotion = promotions.find(order.code, organization.stripe_customer_id) if order.code else None
    preview = _begun(current, order)
    if preview is None and promotion is not None:
        check_code(organization, order, promotion)
    preview = preview or _preview(organization, order, promotion)
    ends = promotion is not None and promotion.coupon.duration != "forever"
    return Offer(order, preview, days, promotion, _preview(organization, order, None) if ends else None)


def _begun(current: Subscription | None, order: Order) -> PreviewRecord | None:
    """What the first invoice of an unfinished start asks for, if it is of this order and still open."""
    if current is None or not current.is_incomplete or current.latest_invoice is None or not is_of(current, order):
        return None
    preview = previews.of_invoice(current.latest_invoice)
    return preview if preview.amount_due else None


def is_of(start: Subscription, order: Order) -> bool:
    """Whether an unfinished start is of this order."""
    code = start.promotion_code or ""
    same = (start.price_id, start.quantity) == (order.price.id, order.quantity)
    return same and code.casefold() == order.code.strip().casefold()


def _preview(organization: Organization, order: Order, promotion: PromotionRecord | None) -> PreviewRecord:
    price, customer = order.price.stripe_price_id, organization.stripe_customer_id
    code = promotion.stripe_id if promotion else None
    try:
        return previews.new_subscription(price, customer=customer, quantity=order.quantity, promotion=code)
    except GatewayRefused as error:
        if promotion is None:
            raise
        raise promotions.refused_by_stripe(promotion, order.purchase(organization)) from error


def check_code(organization: Organization, order: Order, promotion: PromotionRecord) -> None:
    """Whether the code may be used for this order, as far as its terms and the past tell. Raises CodeRefused."""
    promotions.check(promotion, order.purchase(organization))
    taken_codes.check(organization, promotion)
    days = trial_days(organization, order.price)
    if _discounted_periods(promotion, order.price, days) == 0:
        raise CodeRefused.too_soon(clock.now() + timedelta(days=days))


def _discounted_periods(promotion: PromotionRecord, price: Price, days: int) -> int | None:
    now = clock.now()
    return promotions.discounted_periods(promotion, price.interval, now, now + timedelta(days=days))


def check_currency(organization: Organization, price: Price) -> None:
    """Whoever was a subscriber before keeps the currency they were billed in. Raises OtherCurrency."""
    billed_in = currency_of(organization.id)
    if billed_in not in (None, price.currency):
        raise OtherCurrency(str(billed_in), price.currency)


def currency_of(organization_id: int) -> str | None:
    """The currency this organization is billed in; None before its first subscription."""
    begun = select(Price.currency).join(Subscription, Subscription.price_id == Price.id)
    begun = begun.where(Subscription.organization_id == organization_id, Subscription.began_at.is_not(None))
    return db.session.scalar(begun.limit(1))


def trial_days(organization: Organization, price: Price) -> int:
    """Days before the first charge: the plan's, once per organization."""
    had_one = exists().where(Subscription.organization_id == organization.id, Subscription.began_at.is_not(None))
    return 0 if not price.plan.trial_days or db.session.scalar(select(had_one)) else price.plan.trial_days
