"""What a subscription brings in by the year: what counts, and what is taken off."""

from typing import Any

import pytest

from app.catalog.models import Price
from app.core.money import Money
from app.revenue.amounts import annual, monthly
from app.subscriptions.models import Subscription


def subscription(
    status: str = "active", amount: int = 9900, interval: str = "month", quantity: int = 1, *discounts: dict[str, Any]
) -> Subscription:
    price = Price(unit_amount=amount, interval=interval, currency="usd")
    return Subscription(status=status, quantity=quantity, price=price, discounts=list(discounts))


def off(percent: str | None = None, amount: int | None = None, duration: str = "forever", currency: str = "usd"):
    return {"percent_off": percent, "amount_off": amount, "duration": duration, "currency": currency}


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        *[("active", True), ("past_due", True), ("trialing", False), ("paused", False), ("unpaid", False)],
        *[("canceled", False), ("incomplete", False)],
    ],
)
def test_only_what_is_being_paid_for_counts(status: str, counts: bool):
    assert annual(subscription(status)) == (118800 if counts else 0)


def test_a_year_counts_once_and_a_month_twelve_times_for_each_seat():
    assert annual(subscription(amount=29000, interval="year", quantity=3)) == 87000
    assert annual(subscription(amount=2900, quantity=3)) == 104400


@pytest.mark.parametrize(
    ("discounts", "left"),
    [
        ([off("33.3")], 6603),
        ([off("20", duration="repeating")], 7920),
        ([off("20", duration="once")], 9900),
        ([off(amount=500)], 9400),
        ([off(amount=500, currency="eur")], 9900),
        ([off("50"), off(amount=500)], 4450),
        ([off(amount=99999)], 0),
    ],
)
def test_discounts_that_recur_are_taken_off_one_after_another(discounts: list[dict[str, Any]], left: int):
    assert annual(subscription("active", 9900, "month", 1, *discounts)) == left * 12


def test_a_twelfth_is_rounded_away_from_nothing():
    assert monthly(99000, "usd") == Money(8250, "usd")
    assert [monthly(sum_, "usd").amount for sum_ in (6, -6, 5)] == [1, -1, 0]
