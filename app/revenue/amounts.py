"""What a subscription brings in by the year, and what of it counts.

Counted are active and past due ones, at their price times quantity less the discounts that recur. Nothing counts for a
trial, a pause, what waits for its first payment, and once Stripe has ended it or stopped collecting. Taxes, use beyond a
limit and what is paid once are no part of it.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.core.money import Money
from app.subscriptions.models import Subscription
from app.subscriptions.states import Status

COUNTED = frozenset({Status.ACTIVE, Status.PAST_DUE})
PERIODS = {"month": 12, "year": 1}
"""How often a year each interval is charged."""


def annual(subscription: Subscription) -> int:
    """In minor units of the price's currency; 0 for what does not count."""
    if subscription.status not in COUNTED:
        return 0
    price = subscription.price
    left = price.unit_amount * subscription.quantity
    for discount in subscription.discounts:
        left -= _taken_off(discount, left, price.currency)
    return max(left, 0) * PERIODS[price.interval]


def _taken_off(discount: dict[str, Any], amount: int, currency: str) -> int:
    """Of one period's `amount`. Several discounts follow each other, as Stripe applies them."""
    if discount["duration"] == "once":
        return 0
    if discount["percent_off"] is not None:
        return rounded((amount * Decimal(discount["percent_off"])).scaleb(-2))
    return int(discount["amount_off"]) if discount["currency"] == currency else 0


def monthly(annual_amount: int, currency: str) -> Money:
    """A twelfth, to the minor unit."""
    return Money(rounded(Decimal(annual_amount) / 12), currency)


def rounded(amount: Decimal) -> int:
    """Half of a minor unit goes away from nothing."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
