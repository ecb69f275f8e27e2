"""A subscription at Stripe as our own frozen record (https://docs.stripe.com/api/subscriptions/object)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe

from .expandable import id_of
from .times import instant

EXPAND = ["schedule", "discounts.source.coupon", "discounts.promotion_code"]
"""What every answer must bring along for `record`."""


@dataclass(frozen=True)
class SubscriptionRecord:
    """A subscription to one plan; the metered prices it carries beside that are not looked at here. Instants are UTC; `status` is Stripe's word.

    `asked_at` is machine time: whatever happened before it, Stripe's answer knows. `scheduled_…` is what a schedule will
    change at `scheduled_at`, `pending_…` what waits for the payment of the latest invoice. `discounts` are plain values:
    id, name, percent_off (text), amount_off (minor units), currency, duration, ends_at (ISO), code; None where Stripe has none.
    `promotion_code` is the one it was begun with: its discount is gone once it is used up.
    """

    asked_at: datetime

    stripe_id: str
    customer: str
    status: str
    price: str
    quantity: int
    currency: str
    item: str
    started_at: datetime
    current_period_start: datetime
    current_period_end: datetime
    trial_end: datetime | None
    cancel_at: datetime | None
    canceled_at: datetime | None
    ended_at: datetime | None
    feedback: str | None
    comment: str | None
    default_payment_method: str | None
    without_card: str | None
    latest_invoice: str | None
    schedule: str | None
    scheduled_price: str | None
    scheduled_quantity: int | None
    scheduled_at: datetime | None
    pending_price: str | None
    pending_quantity: int | None
    pending_expires_at: datetime | None
    paused_because: str | None
    discounts: list[Any]
    promotion_code: str | None


def record(subscription: stripe.Subscription, asked_at: datetime) -> SubscriptionRecord:
    """`subscription` as answered with `EXPAND`, to a question put at `asked_at` (machine time)."""
    item = _plan_item(subscription["items"].data)
    details = subscription.cancellation_details
    return SubscriptionRecord(
        asked_at=asked_at,
        stripe_id=subscription.id,
        customer=str(id_of(subscription.customer)),
        status=subscription.status,
        price=item.price.id,
        quantity=getattr(item, "quantity", None) or 1,  # a metered item has none
        currency=subscription.currency,
        item=item.id,
        started_at=instant(subscription.start_date),
        current_period_start=instant(item.current_period_start),
        current_period_end=instant(item.current_period_end),
        trial_end=instant(subscription.trial_end),
        cancel_at=_cancel_at(subscription, item.current_period_end),
        canceled_at=instant(subscription.canceled_at),
        ended_at=instant(subscription.ended_at),
        feedback=details.feedback if details else None,
        comment=details.comment if details else None,
        default_payment_method=id_of(subscription.default_payment_method),
        without_card=_without_card(subscription),
        latest_invoice=id_of(subscription.latest_invoice),
        schedule=id_of(subscription.schedule),
        **_scheduled(subscription.schedule),
        **_pending(getattr(subscription, "pending_update", None)),
        paused_because=_paused_because(subscription),
        discounts=[_discount(discount) for discount in subscription.discounts],
        promotion_code=getattr(subscription.metadata, "promotion_code", None),
    )


def _plan_item(items: Sequence[Any]) -> Any:
    """The item of the plan itself among those that bill usage."""
    return next((item for item in items if item.price.recurring.usage_type == "licensed"), items[0])


def _cancel_at(subscription: stripe.Subscription, period_end: int) -> datetime | None:
    """Stripe says it in two fields; either means that it ends."""
    if subscription.cancel_at is not None:
        return instant(subscription.cancel_at)
    return instant(period_end) if subscription.cancel_at_period_end else None


def _scheduled(schedule: Any) -> dict[str, Any]:
    """The phase after the running one."""
    nothing = {"scheduled_price": None, "scheduled_quantity": None, "scheduled_at": None}
    running = getattr(schedule, "current_phase", None)
    if running is None:
        return nothing
    coming = next((phase for phase in schedule.phases if phase.start_date >= running.end_date), None)
    if coming is None:
        return nothing
    # Its prices are ids here; what has a quantity is a plan.
    item = next((one for one in coming["items"] if getattr(one, "quantity", None)), coming["items"][0])
    quantity = getattr(item, "quantity", None) or 1
    at = instant(coming.start_date)
    return {"scheduled_price": id_of(item.price), "scheduled_quantity": quantity, "scheduled_at": at}


def _pending(update: Any) -> dict[str, Any]:
    items = getattr(update, "subscription_items", None) or []
    if not items:
        return {"pending_price": None, "pending_quantity": None, "pending_expires_at": None}
    item = _plan_item(items)
    quantity = getattr(item, "quantity", None) or 1
    expires_at = instant(update.expires_at)
    return {"pending_price": item.price.id, "pending_quantity": quantity, "pending_expires_at": expires_at}


def _without_card(subscription: stripe.Subscription) -> str | None:
    """What a trial that ends without a card brings: `cancel`, `pause` or `create_invoice`; None without a trial."""
    settings = getattr(subscription, "trial_settings", None)
    return str(settings.end_behavior.missing_payment_method) if settings and subscription.trial_end else None


def _paused_because(subscription: stripe.Subscription) -> str | None:
    """Stripe's word, such as `pause_requested` or `trial_end_without_payment_method`."""
    found: Any = getattr(subscription, "status_details", None)
    for name in ("paused", "subscription", "type"):
        found = getattr(found, name, None)
    return None if found is None else str(found)


def _discount(discount: Any) -> dict[str, Any]:
    coupon = discount.source.coupon
    code = getattr(discount, "promotion_code", None)
    percent = getattr(coupon, "percent_off", None)
    ends_at = instant(getattr(discount, "end", None))
    return {
        "id": discount.id,
        "name": getattr(coupon, "name", None) or (code.code if code else coupon.id),
        "percent_off": None if percent is None else str(percent),
        "amount_off": getattr(coupon, "amount_off", None),
        "currency": getattr(coupon, "currency", None),
        "duration": coupon.duration,
        "months": getattr(coupon, "duration_in_months", None),
        "ends_at": ends_at.isoformat() if ends_at else None,
        "code": code.code if code else None,
    }
