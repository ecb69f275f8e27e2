"""From Stripe's record to the values of our row; nothing is decided here."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from app.catalog.models import Price
from app.core.errors import PortalError
from app.core.extensions import db
from app.gateway.subscription_records import SubscriptionRecord

from .models import Subscription

MIRRORED = [
    "status",
    "quantity",
    "started_at",
    "current_period_start",
    "current_period_end",
    "trial_end",
    "cancel_at",
    "canceled_at",
    "ended_at",
    "feedback",
    "comment",
    "default_payment_method",
    "without_card",
    "latest_invoice",
    "item",
    "schedule",
    "scheduled_quantity",
    "scheduled_at",
    "pending_quantity",
    "pending_expires_at",
    "paused_because",
    "discounts",
    "promotion_code",
]
PRICES = {"price_id": "price", "scheduled_price_id": "scheduled_price", "pending_price_id": "pending_price"}


class UnknownPrice(PortalError):
    """A subscription to something our catalogue never sold; parked until someone loads that price."""

    def __init__(self, price: str) -> None:
        super().__init__(f"The catalogue has no price {price}.")


def prices(records: Iterable[SubscriptionRecord]) -> dict[str, int]:
    """Our prices for Stripe's, as far as there are any. One statement."""
    named = set().union(*(wanted(record) for record in records))
    rows = db.session.execute(select(Price.stripe_price_id, Price.id).where(Price.stripe_price_id.in_(named)))
    return {row.stripe_price_id: row.id for row in rows}


def had(row: Subscription) -> dict[str, int]:
    """Our prices for Stripe's, of a row with its prices: most answers name no others."""
    found = [getattr(row, name) for name in PRICES.values()]
    return {price.stripe_price_id: price.id for price in found if price}


def wanted(record: SubscriptionRecord) -> set[str]:
    """Stripe's ids of the prices that a record names."""
    return {getattr(record, name) for name in PRICES.values()} - {None}


def values(record: SubscriptionRecord, known: Mapping[str, int]) -> dict[str, Any]:
    """Columns of a subscription; `known` has our prices. Raises UnknownPrice."""
    found = {name: getattr(record, name) for name in MIRRORED}
    for column, name in PRICES.items():
        stripe_id = getattr(record, name)
        if stripe_id and stripe_id not in known:
            raise UnknownPrice(stripe_id)
        found[column] = known[stripe_id] if stripe_id else None
    return found
