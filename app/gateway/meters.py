"""Usage that Stripe bills: metered prices on a subscription, and the events that their meters count.

Shapes: https://docs.stripe.com/api/billing/meter-event, https://docs.stripe.com/api/subscription_items.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from stripe.params import SubscriptionUpdateParams
from stripe.params.billing import MeterEventCreateParams, MeterListEventSummariesParams

from app.core.transactions import release

from . import intents
from .client import client
from .errors import GatewayRefused, translated
from .times import instant

REPEATED = "resource_already_exists"


@dataclass(frozen=True)
class MeteredItem:
    """A metered price that a subscription carries; it bills what its meter counts from `since` on."""

    stripe_id: str
    price: str
    meter: str
    since: datetime


def carried(subscription: str) -> list[MeteredItem]:
    """The metered prices of a subscription."""
    release()
    with translated():
        items = client().v1.subscription_items.list({"subscription": subscription, "limit": 100})
        return [_item(item) for item in items.auto_paging_iter() if item.price.recurring and item.price.recurring.meter]


def _item(item: Any) -> MeteredItem:
    return MeteredItem(item.id, item.price.id, str(item.price.recurring.meter), instant(item.created))


def carry(key: str, subscription: str, price: str, *, instead_of: str | None) -> None:
    """Put a metered price on a subscription, once per key; what the item `instead_of` counted is billed at its own price.

    No money moves now: it bills afterwards.
    """
    items: Any = [{"price": price}]
    if instead_of:
        items.insert(0, {"id": instead_of, "deleted": True})
    params: SubscriptionUpdateParams = {"items": items, "proration_behavior": "create_prorations"}
    intents.perform(key, params, lambda p, options: client().v1.subscriptions.update(subscription, p, options))


def report(key: str, *, meter: str, customer: str, value: Decimal, identifier: str, at: datetime) -> None:
    """Let a meter, by its event name, count `value` at the instant `at`, once for `identifier`.

    Raises IntentTooOld where nobody knows after a day whether it did: `counted` tells.
    """
    if intents.is_done(key):
        return
    params: MeterEventCreateParams = {
        "event_name": meter,
        "identifier": identifier,
        "payload": {"stripe_customer_id": customer, "value": f"{value:f}"},
        "timestamp": int(at.timestamp()),
    }
    try:
        intents.perform(key, params, lambda p, options: client().v1.billing.meter_events.create(p, options))
    except GatewayRefused as refusal:
        if refusal.stripe_code != REPEATED:  # counted before, under this very identifier
            raise


def counted(meter: str, customer: str, minute: datetime) -> Decimal:
    """What a meter, by its Stripe id, counted of a customer in the minute that begins then; as exact as a float.

    Stripe adds up by and by (https://docs.stripe.com/api/billing/meter-event-summary): ask for what is long past.
    """
    release()
    begins, ends = (int(instant.timestamp()) for instant in (minute, minute + timedelta(minutes=1)))
    query: MeterListEventSummariesParams = {"customer": customer, "start_time": begins, "end_time": ends}
    with translated():
        found = client().v1.billing.meters.event_summaries.list(meter, query)
        return sum((Decimal(str(one.aggregated_value)) for one in found.auto_paging_iter()), Decimal(0))
