"""What changes a running subscription at Stripe: its plan now or later, its end, its card.

Each deed is named by `key` and done once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import stripe
from stripe.params import (
    SubscriptionPauseParams,
    SubscriptionResumeParams,
    SubscriptionScheduleCreateParams,
    SubscriptionScheduleReleaseParams,
    SubscriptionScheduleUpdateParams,
    SubscriptionUpdateParams,
)

from app.core.transactions import release

from . import intents, invoices
from .client import client
from .errors import translated
from .subscription_records import SubscriptionRecord
from .subscriptions import changed, retrieve

# Stripe's eight reasons, in the order they are offered (https://docs.stripe.com/api/subscriptions/cancel).
FEEDBACKS = (
    "too_expensive",
    "missing_features",
    "switched_service",
    "unused",
    "customer_service",
    "too_complex",
    "low_quality",
    "other",
)


def cancel_at_period_end(key: str, stripe_id: str, *, feedback: str, comment: str) -> SubscriptionRecord:
    details: Any = {"feedback": feedback}
    if comment:
        details["comment"] = comment
    return update(key, stripe_id, {"cancel_at_period_end": True, "cancellation_details": details})


def keep(key: str, stripe_id: str) -> SubscriptionRecord:
    """Take a cancellation at period end back."""
    return update(key, stripe_id, {"cancel_at_period_end": False})


def set_default_payment_method(key: str, stripe_id: str, payment_method: str) -> SubscriptionRecord:
    """Charge this card from now on; a subscription's own card wins over the customer's.

    A schedule keeps the card it was made with and gives it back with its next phase: it is told as well.
    """
    present = update(key, stripe_id, {"default_payment_method": payment_method})
    deed, schedule = f"{key}:schedule", present.schedule
    if schedule and intents.outcome(deed) is None:
        wish: SubscriptionScheduleUpdateParams = {
            "default_settings": {"default_payment_method": payment_method},
            "proration_behavior": "none",
        }
        intents.perform(deed, wish, lambda p, options: client().v1.subscription_schedules.update(schedule, p, options))
    return present


def add_coupon(key: str, stripe_id: str, coupon: str, kept: Sequence[str]) -> SubscriptionRecord:
    """Give a discount beside those `kept`, by the ids Stripe has for them; it counts from the next invoice on."""
    wanted: Any = [*({"discount": one} for one in kept), {"coupon": coupon}]
    return update(key, stripe_id, {"discounts": wanted})


def add_code(key: str, stripe_id: str, promotion: str, kept: Sequence[str]) -> SubscriptionRecord:
    """The same with a promotion code, by its id. Raises GatewayRefused for one that Stripe does not take."""
    wanted: Any = [*({"discount": one} for one in kept), {"promotion_code": promotion}]
    return update(key, stripe_id, {"discounts": wanted})


def keep_discounts(key: str, stripe_id: str, kept: Sequence[str]) -> SubscriptionRecord:
    """Take away all discounts but those `kept`."""
    wanted: Any = [{"discount": one} for one in kept] or ""  # an empty list would change nothing
    return update(key, stripe_id, {"discounts": wanted})


def change_now(
    key: str, stripe_id: str, *, item: str, price: str, quantity: int, proration_date: datetime, restart: bool
) -> SubscriptionRecord:
    """Change price and quantity now, prorated as of `proration_date`, once the invoice that this makes is paid.

    Until then the answer has it as `pending_…`. `restart` begins a new period now, which another interval needs.
    """
    return update(key, stripe_id, change_params(item, price, quantity, proration_date, restart))


def change_params(item: str, price: str, quantity: int, proration_date: datetime, restart: bool) -> Any:
    """What `change_now` sends; a preview of it sends the same."""
    params = {
        "items": [{"id": item, "price": price, "quantity": quantity}],
        "proration_behavior": "always_invoice",
        "proration_date": int(proration_date.timestamp()),
        "payment_behavior": "pending_if_incomplete",
    }
    return params | ({"billing_cycle_anchor": {"type": "now"}} if restart else {})


def change_trial(key: str, stripe_id: str, *, item: str, price: str, quantity: int) -> SubscriptionRecord:
    """Change what will be charged when the trial ends; no money moves now."""
    items: Any = [{"id": item, "price": price, "quantity": quantity}]
    return update(key, stripe_id, {"items": items, "proration_behavior": "none"})


def schedule_change(key: str, stripe_id: str, *, schedule: str | None, price: str, quantity: int) -> SubscriptionRecord:
    """Let price and quantity change when the running period ends; `schedule` is the one it already has, if any.

    Raises IntentSpent for a `key` whose schedule was let go before it said anything.
    """
    deed = phases_key(key)
    if intents.outcome(deed):
        return retrieve(stripe_id)
    schedule_id = schedule or _make_schedule(f"{key}:schedule", stripe_id)
    release()
    with translated():
        present = client().v1.subscription_schedules.retrieve(schedule_id)
    if present.current_phase is None:
        raise intents.IntentSpent()
    params = _phases(present, price, quantity)
    intents.perform(deed, params, lambda p, options: client().v1.subscription_schedules.update(schedule_id, p, options))
    return retrieve(stripe_id)


def phases_key(key: str) -> str:
    """The name of the call that makes a scheduled change stand."""
    return f"{key}:phases"


def _make_schedule(key: str, stripe_id: str) -> str:
    params: SubscriptionScheduleCreateParams = {"from_subscription": stripe_id}
    made = intents.perform(key, params, lambda p, options: client().v1.subscription_schedules.create(p, options))
    return str(made.id)


def _phases(schedule: stripe.SubscriptionSchedule, price: str, quantity: int) -> SubscriptionScheduleUpdateParams:
    """The running phase as it is, and the one after it; discounts go on, which a phase must say.

    A day later the schedule lets go of the subscription, which may not be canceled or paused while it has one.
    """
    running: Any = schedule.current_phase
    phase: Any = next(one for one in schedule.phases if one.start_date == running.start_date)
    discounts: Any = [{"discount": one.discount} for one in phase.discounts if one.discount] or ""
    now: Any = {
        "start_date": phase.start_date,
        "end_date": phase.end_date,
        "items": [_item(item) for item in phase["items"]],
        "discounts": discounts,
    }
    then: Any = {
        "items": [{"price": price, "quantity": quantity}],
        "discounts": discounts,
        "duration": {"interval": "day", "interval_count": 1},
        "proration_behavior": "none",
    }
    return {"end_behavior": "release", "proration_behavior": "none", "phases": [now, then]}


def _item(item: Any) -> Mapping[str, Any]:
    quantity = getattr(item, "quantity", None)
    return {"price": item.price} | ({"quantity": quantity} if quantity is not None else {})


def release_schedule(key: str, stripe_id: str, schedule: str) -> SubscriptionRecord:
    """Forget what was scheduled; the subscription goes on as it is.

    The answer still has a schedule if `key` released another one before.
    """
    params: SubscriptionScheduleReleaseParams = {}
    if intents.outcome(key) is None:
        intents.perform(
            key, params, lambda p, options: client().v1.subscription_schedules.release(schedule, p, options)
        )
    return retrieve(stripe_id)


def discard_pending(key: str, stripe_id: str, invoice: str) -> SubscriptionRecord:
    """Give up what waits for the payment of `invoice`, by voiding it; unless it was paid meanwhile, as the answer shows."""
    invoices.void(key, invoice)
    return retrieve(stripe_id)


def pause(key: str, stripe_id: str, *, credit_period: bool) -> SubscriptionRecord:
    """Pause at once; the running period stays paid, or is credited in full when it was not wanted (`credit_period`)."""
    since = "item_current_period_start" if credit_period else "none"
    params: SubscriptionPauseParams = {
        "bill_for": {"unused_time_from": {"type": since}},
        "invoicing_behavior": "invoice",
    }
    return changed(key, stripe_id, params, lambda p, options: client().v1.subscriptions.pause(stripe_id, p, options))


def resume(key: str, stripe_id: str) -> SubscriptionRecord:
    """A new period from now on, once its invoice is paid, which is tried at once; until then it stays paused."""
    return _resume(key, stripe_id, {"payment_behavior": "resume_on_payment_success"})


def resume_unchanged(key: str, stripe_id: str) -> SubscriptionRecord:
    """Go on with the paid period as if there had been no pause."""
    return _resume(key, stripe_id, {"billing_cycle_anchor": {"type": "unchanged"}, "proration_behavior": "none"})


def _resume(key: str, stripe_id: str, wish: SubscriptionResumeParams) -> SubscriptionRecord:
    return changed(key, stripe_id, wish, lambda p, options: client().v1.subscriptions.resume(stripe_id, p, options))


def update(key: str, stripe_id: str, params: SubscriptionUpdateParams) -> SubscriptionRecord:
    """Do `params` to the subscription, once for `key`."""
    return changed(key, stripe_id, params, lambda p, options: client().v1.subscriptions.update(stripe_id, p, options))
