"""Promotion codes at Stripe (https://docs.stripe.com/api/promotion_codes/object): words that stand for a coupon."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import stripe

from app.core.money import Money
from app.core.transactions import release

from .client import client
from .errors import translated
from .expandable import id_of
from .times import instant

EXPAND = ["data.promotion.coupon", "data.promotion.coupon.applies_to", "data.promotion.coupon.currency_options"]
MOST = 20
"""The same word may stand for several codes: at most one in use for everybody or for each customer, and former ones."""


@dataclass(frozen=True)
class CouponRecord:
    """Either `percent_off`, or `amounts` in minor units by currency; `products` None is all of them.

    `duration` is once, repeating (for `months`) or forever; `is_valid` false says that nobody can redeem it any more.
    """

    stripe_id: str
    percent_off: Decimal | None
    amounts: Mapping[str, int]
    duration: str
    months: int | None
    products: frozenset[str] | None
    redeem_by: datetime | None
    is_used_up: bool
    is_valid: bool

    def amount_off(self, currency: str) -> Money | None:
        """What it takes off in that currency; None for a percentage and for a currency it has no amount in."""
        return Money(self.amounts[currency], currency) if currency in self.amounts else None


@dataclass(frozen=True)
class PromotionRecord:
    """`customer` is the one it is meant for, None for everybody; `minimums` are in minor units by currency."""

    stripe_id: str
    code: str
    coupon: CouponRecord
    customer: str | None
    expires_at: datetime | None
    is_used_up: bool
    is_active: bool
    is_for_first_purchase: bool
    minimums: Mapping[str, int]


def find(code: str) -> list[PromotionRecord]:
    """The codes that read like this whatever the case of their letters, usable or not, newest first."""
    release()
    with translated():
        page = client().v1.promotion_codes.list({"code": code, "limit": MOST, "expand": EXPAND})
    return [_record(found) for found in page.data]


def coupon(stripe_id: str) -> CouponRecord:
    """A coupon itself, which the operator gives away without a code. Raises GatewayNotFound."""
    release()
    with translated():
        return _coupon(client().v1.coupons.retrieve(stripe_id, {"expand": ["applies_to", "currency_options"]}))


def _record(code: stripe.PromotionCode) -> PromotionRecord:
    limits = code.restrictions
    return PromotionRecord(
        stripe_id=code.id,
        code=code.code,
        coupon=_coupon(code.promotion.coupon),
        customer=id_of(code.customer),
        expires_at=instant(code.expires_at),
        is_used_up=_is_used_up(code),
        is_active=code.active,
        is_for_first_purchase=bool(getattr(limits, "first_time_transaction", False)),
        minimums=_amounts(limits, "minimum_amount", getattr(limits, "minimum_amount_currency", None)),
    )


def _coupon(coupon: Any) -> CouponRecord:
    percent = getattr(coupon, "percent_off", None)
    only = getattr(coupon, "applies_to", None)
    return CouponRecord(
        stripe_id=coupon.id,
        percent_off=None if percent is None else Decimal(str(percent)),
        amounts=_amounts(coupon, "amount_off", getattr(coupon, "currency", None)),
        duration=coupon.duration,
        months=getattr(coupon, "duration_in_months", None),
        products=frozenset(only.products) if only else None,
        redeem_by=instant(getattr(coupon, "redeem_by", None)),
        is_used_up=_is_used_up(coupon),
        is_valid=coupon.valid,
    )


def _amounts(thing: Any, field: str, currency: str | None) -> dict[str, int]:
    """An amount in its currency, and in the others it was given in."""
    amount = getattr(thing, field, None)
    if amount is None or currency is None:
        return {}
    options = getattr(thing, "currency_options", None)
    others = {other: option[field] for other, option in options.to_dict().items()} if options else {}
    return others | {currency: amount}


def _is_used_up(thing: Any) -> bool:
    most = getattr(thing, "max_redemptions", None)
    return most is not None and thing.times_redeemed >= most
