"""Schedules of subscriptions: made, changed, released and canceled. :mod:`sandbox.billing.schedules.schedule_course` runs them.

Sources: Stripe's API reference and guide for subscription schedules. Assumptions: a migrated subscription's first phase is
its running period; a subscription that is to end makes its schedule end it; canceling counts unused time and usage unless
told otherwise.
Simplifications: a start in the past, ``pause_schedules`` and other ends than ``release`` and ``cancel`` are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.schedules import (
    phase_changes,
    phases,
    schedule_course,
    schedule_outcomes,
    schedule_settings,
    subscription_phases,
)
from sandbox.billing.schedules.phases import Phase
from sandbox.billing.subscriptions import canceling, endings
from sandbox.crud import changed_fields, new_metadata, refuse
from sandbox.errors import invalid, unsupported
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

UNSUPPORTED = ("customer_account", "pause_schedules")
MIGRATABLE = ("active", "trialing", "past_due", "unpaid")


def create(box: Sandbox, params: dict[str, Any]) -> Record:
    """Store the schedule that ``POST /v1/subscription_schedules`` asks for, and start it if its time has come."""
    _check(params)
    if "from_subscription" in params:
        return _migrate(box, params)
    schedule = planned(box, params)
    box.events.record("subscription_schedule.created", schedule)
    if schedule["phases"][0]["start_date"] <= box.clock.now():
        schedule_course.start(box, schedule)
    return schedule


def update(box: Sandbox, schedule: Record, params: dict[str, Any]) -> None:
    """Apply ``POST /v1/subscription_schedules/…``; what the running phase becomes counts at once."""
    schedule_outcomes.need_running(schedule, "update", "updated")
    _check(params)
    before = schedule_course.current(schedule)
    with box.events.updating(schedule):
        box.store.update(schedule, **changed_fields(params, schedule, ("end_behavior",)))
        if "default_settings" in params:
            settings = schedule_settings.changed(box, schedule, params["default_settings"])
            box.store.update(schedule, default_settings=settings)
        if "phases" in params:
            box.store.update(schedule, phases=_replaced(box, schedule, params["phases"]))
            _note_current(box, schedule)
    subscription = box.store.get("subscription", schedule["subscription"] or "")
    if subscription is None:
        return
    after = schedule_course.current(schedule)
    if after and (after != before or "default_settings" in params):
        behavior = params.get("proration_behavior", "create_prorations")
        phase_changes.enter(box, schedule, subscription, after, behavior, before)
    phase_changes.set_end(box, schedule, subscription)
    schedule_course.catch_up(box, subscription)


def release(box: Sandbox, schedule: Record, params: dict[str, Any]) -> None:
    """Let the subscription go on as it is; the end that the schedule set for it goes too, unless it is to be kept."""
    schedule_outcomes.need_running(schedule, "release", "released")
    subscription = box.store.get("subscription", schedule["subscription"] or "")
    if subscription and schedule["_set_cancel"] and not params.get("preserve_cancel_date"):
        with box.events.updating(subscription):
            endings.schedule(box, subscription, {"cancel_at": None})
    schedule_outcomes.end(box, schedule, "released", "released", leaves=True, released_at=box.clock.now())


def cancel(box: Sandbox, schedule: Record, params: dict[str, Any]) -> None:
    """End the schedule and its subscription now."""
    schedule_outcomes.need_running(schedule, "cancel", "canceled")
    subscription = box.store.get("subscription", schedule["subscription"] or "")
    schedule_outcomes.end(box, schedule, "canceled", "canceled", canceled_at=box.clock.now())
    if subscription:
        wish = {name: params.get(name, True) for name in ("invoice_now", "prorate")}
        canceling.cancel_now(box, subscription, wish)


def customer_deleted(box: Sandbox, customer: Record) -> None:
    """Nothing will start for a customer who is gone."""
    for schedule in box.store.of("subscription_schedule", "customer", customer["id"]):
        if schedule["status"] == "not_started":
            cancel(box, schedule, {})


def _check(params: dict[str, Any]) -> None:
    refuse(params, UNSUPPORTED)
    if params.get("end_behavior", "release") not in ("release", "cancel"):
        raise unsupported("end_behavior")
    if (params.get("billing_mode") or {}).get("type", "flexible") != "flexible":
        raise unsupported("billing_mode[type]")


def _migrate(box: Sandbox, params: dict[str, Any]) -> Record:
    for name in set(params) - {"from_subscription"}:
        raise invalid(f"You cannot set `{name}` if `from_subscription` is set.", name)
    subscription = box.store.need("subscription", params["from_subscription"], "from_subscription")
    if subscription["schedule"]:
        message = (
            f"You cannot migrate a subscription that is already attached to a schedule: `{subscription['schedule']}`."
        )
        raise invalid(message, "from_subscription")
    if subscription["status"] not in MIGRATABLE:
        message = f"You cannot migrate a subscription that is in the `{subscription['status']}` status."
        raise invalid(message, "from_subscription")
    phase = subscription_phases.of_subscription(box, subscription)
    schedule = box.store.add(
        {
            **_blank(box, subscription["customer"], [phase]),
            "billing_mode": subscription["billing_mode"],
            "current_phase": schedule_course.span(phase),
            "default_settings": schedule_settings.of_subscription(subscription),
            "end_behavior": "cancel" if subscription["cancel_at"] else "release",
            "status": "active",
            "subscription": subscription["id"],
        }
    )
    box.events.record("subscription_schedule.created", schedule)
    with box.events.updating(subscription):
        box.store.update(subscription, schedule=schedule["id"])
    return schedule


def planned(box: Sandbox, params: dict[str, Any]) -> Record:
    """Store a schedule of parameters that has not started, and tell nobody."""
    if not params.get("customer"):
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = box.store.need("customer", params["customer"], "customer")
    if customer["_deleted"]:
        raise invalid(f"No such customer: '{customer['id']}'", "customer", "resource_missing")
    begins = _begins(box, params.get("start_date", "now"), "start_date")
    schedule = _blank(box, customer["id"], phases.build(box, params.get("phases") or [], begins, customer))
    schedule |= {"end_behavior": params.get("end_behavior", "release"), "metadata": new_metadata(params)}
    schedule["default_settings"] = schedule_settings.changed(box, schedule, params.get("default_settings") or {})
    return box.store.add(schedule)


def _begins(box: Sandbox, wish: int | str, param: str) -> int:
    now = box.clock.now()
    if wish == "now":
        return now
    if int(wish) < now:
        raise invalid("This sandbox does not start subscriptions in the past.", param, "parameter_unsupported")
    return int(wish)


def _blank(box: Sandbox, customer: str, planned: list[Phase]) -> Record:
    now = box.clock.now()
    return {
        **box.contract.blank("subscription_schedule"),
        "id": new_id("sub_sched"),
        "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}, "updated_at": now},
        "created": now,
        "customer": customer,
        "default_settings": schedule_settings.DEFAULTS,
        "metadata": {},
        "pause_schedules": [],
        "phases": planned,
        "status": "not_started",
        "_expiring_for": None,
        "_set_cancel": False,
    }


def _replaced(box: Sandbox, schedule: Record, given: list[dict[str, Any]]) -> list[Phase]:
    """The phases after an update: those that are over stay, the running one begins when it did."""
    customer = box.store.need("customer", schedule["customer"])
    starts = [one.get("start_date") for one in given]
    if not any(starts):
        raise invalid(
            "The subscription schedule update is missing at least one phase with a `start_date` to anchor end dates to."
        )
    if schedule["current_phase"] is None:
        return phases.build(box, given, _begins(box, starts[0] or "now", "phases[0][start_date]"), customer)
    begun = schedule["current_phase"]["start_date"]
    past = [phase for phase in schedule["phases"] if phase["end_date"] <= begun]
    known = [phase["start_date"] for phase in past]
    if begun not in starts or any(one not in known for one in starts[: starts.index(begun)]):
        raise invalid("You can not modify the start date of the current phase.", "phases[0][start_date]")
    currency = box.store.need("subscription", schedule["subscription"])["currency"]
    built = phases.build(box, given[starts.index(begun) :], begun, customer, currency)
    if built[0]["end_date"] < box.clock.now():
        raise invalid("You can only adjust the end date to a future date for the current phase.", "phases[0][end_date]")
    return past + built


def _note_current(box: Sandbox, schedule: Record) -> None:
    phase = schedule_course.current(schedule)
    if phase:
        box.store.update(schedule, current_phase=schedule_course.span(phase))
