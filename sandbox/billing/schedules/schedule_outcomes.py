"""How a schedule ends, and what it forbids its subscription meanwhile.

Sources: the events' descriptions in Stripe's API reference (``aborted``: its subscription ended because of unpaid
invoices). Assumptions: a schedule whose phases are over is ``completed`` whatever its ``end_behavior``, and names the
subscription it left running as ``released_subscription``; a subscription forgets its schedule as soon as that is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

RUNNING = ("not_started", "active")
CANCELLATION = ("cancel_at", "cancel_at_period_end")


def of(box: Sandbox, subscription: Record) -> Record | None:
    """The schedule that manages a subscription."""
    return box.store.get("subscription_schedule", subscription["schedule"] or "")


def need_running(schedule: Record, deed: str, done: str) -> None:
    """Refuse what only a schedule that is not over allows."""
    if schedule["status"] not in RUNNING:
        raise invalid(
            f"You cannot {deed} a subscription schedule that is currently in the `{schedule['status']}` status. It must "
            f"be in `not_started, active` status to be {done}."
        )


def refuse_cancellation(subscription: Record, params: dict[str, Any]) -> None:
    """While a schedule manages a subscription, its end is the schedule's business."""
    if subscription["schedule"] and any(name in params for name in CANCELLATION):
        raise invalid(
            f"The subscription is managed by the subscription schedule `{subscription['schedule']}`, and updating any "
            "cancelation behavior directly is not allowed. Please update the schedule instead."
        )


def end(box: Sandbox, schedule: Record, status: str, event: str, *, leaves: bool = False, **fields: Any) -> None:
    """Let a schedule be over in that status, told as ``subscription_schedule.`` and ``event``.

    ``leaves`` says that the subscription goes on without it.
    """
    subscription = box.store.get("subscription", schedule["subscription"] or "")
    if leaves:
        fields |= {"subscription": None, "released_subscription": schedule["subscription"]}
    box.store.update(schedule, status=status, current_phase=None, **fields)
    box.events.record(f"subscription_schedule.{event}", schedule)
    if subscription and subscription["schedule"] == schedule["id"]:
        with box.events.updating(subscription):
            box.store.update(subscription, schedule=None)


def subscription_ended(box: Sandbox, subscription: Record, reason: str | None) -> None:
    """The subscription is over: by its schedule's plan, by somebody's wish, or because it was not paid."""
    schedule = of(box, subscription)
    if schedule is None or schedule["status"] != "active":
        return
    now = box.clock.now()
    if schedule["end_behavior"] == "cancel" and schedule["phases"][-1]["end_date"] <= now:
        end(box, schedule, "completed", "completed", completed_at=now)
    else:
        end(box, schedule, "canceled", "aborted" if reason == "payment_failed" else "canceled", canceled_at=now)
