"""Subscription schedules."""

from sandbox.billing.schedules import schedules
from sandbox.crud import refuse, serve_retrieve
from sandbox.listing import candidates, page
from sandbox.routing import Call, Page, operation
from sandbox.store import Record


@operation("POST /v1/subscription_schedules")
def create(call: Call) -> Record:
    return schedules.create(call.box, call.params)


@operation("POST /v1/subscription_schedules/{schedule}")
def update(call: Call) -> Record:
    schedule = call.store.need("subscription_schedule", call.id)
    schedules.update(call.box, schedule, call.params)
    return schedule


@operation("POST /v1/subscription_schedules/{schedule}/release")
def release(call: Call) -> Record:
    schedule = call.store.need("subscription_schedule", call.id)
    schedules.release(call.box, schedule, call.params)
    return schedule


@operation("POST /v1/subscription_schedules/{schedule}/cancel")
def cancel(call: Call) -> Record:
    schedule = call.store.need("subscription_schedule", call.id)
    schedules.cancel(call.box, schedule, call.params)
    return schedule


@operation("GET /v1/subscription_schedules")
def list_schedules(call: Call) -> Page:
    refuse(call.params, ("customer_account",))
    return page(call, candidates(call, "subscription_schedule"), {"scheduled": _is_scheduled})


def _is_scheduled(schedule: Record, wanted: bool) -> bool:
    return bool((schedule["status"] == "not_started") == wanted)


serve_retrieve("GET /v1/subscription_schedules/{schedule}", "subscription_schedule")
