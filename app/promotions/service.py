"""Looking a promotion code up and telling whether it may be used; whether Stripe agrees, its preview says."""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.catalog.models import Plan
from app.core import clock, i18n
from app.core.extensions import db
from app.core.money import Money
from app.gateway import promotions as gateway
from app.gateway.promotions import PromotionRecord

from .refusals import CodeRefused, Reason

CODE = re.compile(r"[A-Za-z0-9-]{1,100}")


@dataclass(frozen=True)
class Purchase:
    """What a code is to be used for; `amount` is that of one period before discounts and tax."""

    customer: str | None
    product: str | None
    amount: Money


def find(code: str, customer: str | None) -> PromotionRecord:
    """What stands for the word somebody typed, whether it may be used or not. Raises CodeRefused for an unknown one.

    `customer` is Stripe's id of whoever wants to use it, None before they have one.
    """
    typed = code.strip()
    if not CODE.fullmatch(typed):
        raise CodeRefused(Reason.UNKNOWN)
    known = gateway.find(typed)
    mine = [promotion for promotion in known if promotion.customer in (None, customer)]
    if not mine:
        raise CodeRefused(Reason.OTHER_CUSTOMER if any(one.is_active for one in known) else Reason.UNKNOWN)
    return next((promotion for promotion in mine if promotion.is_active), mine[0])


def check(promotion: PromotionRecord, purchase: Purchase) -> None:
    """Whether the code may be used for this, as far as its terms tell. Raises CodeRefused."""
    _check_life(promotion)
    _check_scope(promotion, purchase)
    _check_minimum(promotion, purchase.amount)


def refused_by_stripe(promotion: PromotionRecord, purchase: Purchase) -> CodeRefused:
    """Why Stripe did not take a code that had passed our checks: look again, and think of what only Stripe knows."""
    try:
        check(find(promotion.code, purchase.customer), purchase)
    except CodeRefused as reason:
        return reason
    return CodeRefused(Reason.NOT_FIRST if promotion.is_for_first_purchase else Reason.REFUSED)


def _check_life(promotion: PromotionRecord) -> None:
    coupon, now = promotion.coupon, clock.now()
    ends = [at for at in (promotion.expires_at, coupon.redeem_by) if at is not None and at <= now]
    if ends:
        raise CodeRefused(Reason.EXPIRED, date=i18n.day(min(ends)))
    if promotion.is_used_up or coupon.is_used_up:
        raise CodeRefused(Reason.USED_UP)
    if not promotion.is_active or not coupon.is_valid:
        raise CodeRefused(Reason.UNKNOWN)


def _check_scope(promotion: PromotionRecord, purchase: Purchase) -> None:
    coupon, currency = promotion.coupon, purchase.amount.currency
    if coupon.amounts and currency not in coupon.amounts:
        raise _other_currency(coupon.amounts, currency)
    if coupon.products is not None and purchase.product not in coupon.products:
        plans = db.session.scalars(
            select(Plan).where(Plan.stripe_product_id.in_(coupon.products)).order_by(Plan.position)
        )
        names = ", ".join(plan.name for plan in plans if plan.is_offered)
        raise CodeRefused(Reason.OTHER_PLAN, plans=names) if names else CodeRefused(Reason.REFUSED)


def _check_minimum(promotion: PromotionRecord, amount: Money) -> None:
    if not promotion.minimums:
        return
    least = promotion.minimums.get(amount.currency)
    if least is None:
        raise _other_currency(promotion.minimums, amount.currency)
    if amount.amount < least:
        raise CodeRefused(Reason.TOO_LITTLE, least=i18n.money(Money(least, amount.currency)), amount=i18n.money(amount))


def _other_currency(theirs: Iterable[str], ours: str) -> CodeRefused:
    names = ", ".join(sorted(currency.upper() for currency in theirs))
    return CodeRefused(Reason.OTHER_CURRENCY, theirs=names, ours=ours.upper())


def discounted_periods(
    promotion: PromotionRecord, interval: str, redeemed_at: datetime, first_charge: datetime
) -> int | None:
    """How many payments it is taken off; None for all there will be.

    Months count from the moment a code is redeemed (https://docs.stripe.com/api/discounts/object). A code may be over
    before the first charge, where a trial or a paid period comes first: then 0.
    """
    coupon = promotion.coupon
    if coupon.duration != "repeating":
        return 1 if coupon.duration == "once" else None
    return payments_before(_months_later(redeemed_at, coupon.months or 1), interval, first_charge)


def payments_before(over: datetime, interval: str, first_charge: datetime) -> int:
    """How many payments there are before an instant, the first one included."""
    step, count = 12 if interval == "year" else 1, 0
    while _months_later(first_charge, count * step) < over:
        count += 1
    return count


def _months_later(instant: datetime, months: int) -> datetime:
    """The same day so many months later, or the last of a month that is too short, as Stripe counts."""
    years, month = divmod(instant.month - 1 + months, 12)
    year, month = instant.year + years, month + 1
    return instant.replace(year=year, month=month, day=min(instant.day, monthrange(year, month)[1]))
