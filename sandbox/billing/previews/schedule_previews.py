"""Previews of what a schedule will bill: its changes are made, and undone by the preview that asked for them.

Assumption: with ``schedule`` or ``schedule_details`` the next invoice of the schedule's subscription is shown, or the
first one of a subscription that has not started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.schedules import schedule_course, schedules
from sandbox.billing.subscriptions import subscriptions
from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

PARAMS = ("schedule", "schedule_details")


def are_asked_for(params: dict[str, Any]) -> bool:
    """Whether a preview is about a schedule; refuses one that is about a subscription too."""
    given = [name for name in PARAMS if name in params]
    for other in ("subscription", "subscription_details"):
        if given and other in params:
            message = f"You may only specify one of these parameters: {given[0]}, {other}."
            raise invalid(message, other, "parameters_exclusive")
    return bool(given)


def prepare(box: Sandbox, params: dict[str, Any]) -> tuple[Record, Record | None]:
    """The subscription, changed as asked, and the invoice that this makes at once, if it does."""
    details = params.get("schedule_details") or {}
    if "schedule" not in params:
        return _begun(box, _planned(box, details, params.get("customer")))
    schedule = box.store.need("subscription_schedule", params["schedule"], "schedule")
    latest = _latest_invoice(box, schedule)
    schedules.update(box, schedule, details)
    if schedule["subscription"] is None:
        return _begun(box, schedule)
    subscription = box.store.need("subscription", schedule["subscription"])
    after = _latest_invoice(box, schedule)
    return subscription, box.store.get("invoice", after) if after and after != latest else None


def _planned(box: Sandbox, details: dict[str, Any], customer: str | None) -> Record:
    """A new schedule of preview details, which have the start in their first phase."""
    planned = details.get("phases") or []
    start = planned[0].get("start_date", "now") if planned else "now"
    kept = {name: value for name, value in details.items() if name != "proration_behavior"}
    return schedules.planned(box, {**kept, "customer": customer, "start_date": start})


def _begun(box: Sandbox, schedule: Record) -> tuple[Record, Record | None]:
    with box.clock.at(schedule["phases"][0]["start_date"]):
        subscription = schedule_course.begin(box, schedule)
        return subscription, subscriptions.first_invoice(box, subscription)


def _latest_invoice(box: Sandbox, schedule: Record) -> str | None:
    subscription = box.store.get("subscription", schedule["subscription"] or "")
    return subscription["latest_invoice"] if subscription else None
