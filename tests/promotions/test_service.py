"""How many payments a code makes smaller, by Stripe's way of counting months."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.gateway.promotions import CouponRecord, PromotionRecord
from app.promotions.service import discounted_periods

COUPON = CouponRecord(
    stripe_id="c",
    percent_off=Decimal(20),
    amounts={},
    duration="repeating",
    months=3,
    products=None,
    redeem_by=None,
    is_used_up=False,
    is_valid=True,
)
CODE = PromotionRecord(
    stripe_id="promo",
    code="SPRING20",
    coupon=COUPON,
    customer=None,
    expires_at=None,
    is_used_up=False,
    is_active=True,
    is_for_first_purchase=False,
    minimums={},
)
TODAY = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("months", "interval", "first_charge", "payments"),
    [
        (3, "month", TODAY, 3),
        (1, "month", TODAY, 1),
        (1, "month", TODAY.replace(month=2, day=28), 0),  # a month from the 31st of January ends with February
        (3, "year", TODAY, 1),
        (24, "year", TODAY, 2),
        (3, "year", TODAY.replace(year=2027), 0),
        (3, "month", TODAY.replace(month=2, day=14), 3),  # after a trial of two weeks
        (12, "month", TODAY.replace(month=3), 10),
    ],
)
def test_a_code_for_some_months_counts_from_the_day_it_is_used(
    months: int, interval: str, first_charge: datetime, payments: int
):
    code = replace(CODE, coupon=replace(COUPON, months=months))
    assert discounted_periods(code, interval, TODAY, first_charge) == payments


def test_once_is_one_payment_and_forever_has_no_number():
    once, forever = (replace(CODE, coupon=replace(COUPON, duration=word)) for word in ("once", "forever"))
    assert discounted_periods(once, "month", TODAY, TODAY) == 1
    assert discounted_periods(forever, "month", TODAY, TODAY) is None
