"""From one state of the mirror to the next, in the words of the timeline."""

from datetime import datetime
from typing import Any

from app.core import clock

from .models import Subscription
from .states import NOT_BEGUN, Status


def between(before: dict[str, object], now: Subscription) -> list[str]:
    """The steps from what the row held (`before`, empty for a new one) to what it holds now."""
    step = _step(before, now)
    steps = [step] if step else []
    if before.get("status") == Status.TRIALING and now.status in {Status.PAST_DUE, Status.UNPAID}:
        steps.insert(0, "trial_converted")
    if now.is_running and before.get("cancel_at") != now.cancel_at:
        steps.append("cancellation_scheduled" if now.cancel_at else "cancellation_withdrawn")
    if (
        now.is_running
        and (had := before.get("default_payment_method"))
        and now.default_payment_method not in {None, had}
    ):
        steps.append("card_changed")
    steps += _discount_steps(before, now) if now.is_running else []
    return steps + (_plan_steps(before, now) if before and now.is_running else [])


def details(action: str, subscription: Subscription) -> dict[str, Any]:
    """What the audit keeps of a step beside its name: plan and seats that it is about, where they are not the present ones'."""
    if action == "change_scheduled" and subscription.scheduled_price:
        return {"plan": subscription.scheduled_price.plan.name, "quantity": subscription.scheduled_quantity}
    if action == "change_waiting" and subscription.pending_price:
        return {"plan": subscription.pending_price.plan.name, "quantity": subscription.pending_quantity}
    if action == "code_applied":
        codes = [one["code"] for one in subscription.discounts if one["code"]]
        return {"code": codes[-1] if codes else subscription.promotion_code}
    if action == "plan_changed":
        return {"plan": subscription.price.plan.name, "quantity": subscription.quantity}
    return {}


def _discount_steps(before: dict[str, Any], now: Subscription) -> list[str]:
    """A code that a subscription began with counts from its first day; whatever is gone ran out or was taken away."""
    if before.get("status") in {None, *NOT_BEGUN}:
        return ["code_applied"] if now.promotion_code else []
    had, has = ({one["code"] or one["name"] for one in discounts} for discounts in (before["discounts"], now.discounts))
    given = ["code_applied"] if any(one["code"] and one["code"] not in had for one in now.discounts) else []
    return given + (["discount_ended"] if had - has else [])


def instant(action: str, subscription: Subscription) -> datetime | None:
    """Stripe's instant of a step, where it has one: an event may reach us long after."""
    known = {
        "renewed": subscription.current_period_start,
        "past_due": subscription.past_due_since,
        "trial_converted": subscription.current_period_start,
        "paused": subscription.pauses_at,
        "trial_paused": subscription.trial_end,
        "ended": subscription.ended_at,
        "trial_ended": subscription.ended_at,
        "cancellation_scheduled": subscription.canceled_at,
    }
    return known.get(action)


def _plan_steps(before: dict[str, Any], now: Subscription) -> list[str]:
    """A change that was scheduled, or waited, and took place is one step, not two."""
    steps = []
    is_changed = (before["price_id"], before["quantity"]) != (now.price_id, now.quantity)
    if is_changed:
        steps.append("plan_changed")
    for kind, set_, gone in (
        ("scheduled", "change_scheduled", "change_withdrawn"),
        ("pending", "change_waiting", _given_up(before)),
    ):
        names = (f"{kind}_price_id", f"{kind}_quantity")
        was, present = [before[name] for name in names], [getattr(now, name) for name in names]
        if was != present and present[0] is not None:
            steps.append(set_)
        elif was != present and not is_changed:
            steps.append(gone)
    return steps


def _given_up(before: dict[str, Any]) -> str:
    """By whoever discarded it, or by Stripe once it was too late to pay for it."""
    expires_at = before["pending_expires_at"]
    return "change_expired" if expires_at and clock.now() >= expires_at else "change_discarded"


_BACK = {
    Status.TRIALING: "trial_converted",
    Status.PAST_DUE: "recovered",
    Status.UNPAID: "recovered",
    Status.PAUSED: "resumed",
}
"""What it means to become active, by what it was before."""


def _step(before: dict[str, object], now: Subscription) -> str | None:
    was = before.get("status")
    if now.status == was:
        renewed = now.status == Status.ACTIVE and before["current_period_start"] != now.current_period_start
        return "renewed" if renewed else None
    if now.is_running and (was is None or was in NOT_BEGUN):
        return "trial_started" if now.is_trialing else "started"
    if now.status == Status.CANCELED:
        return ("trial_ended" if was == Status.TRIALING else "ended") if now.began_at else None
    if now.is_trial_over and was == Status.TRIALING:
        return "trial_paused"
    if now.status in {Status.PAST_DUE, Status.PAUSED, Status.UNPAID}:
        return now.status
    return _BACK.get(Status(str(was))) if now.status == Status.ACTIVE and was else None
