"""Billing meters, and what they counted for a customer.

Assumptions: event summaries come newest first, and a window without events is listed with 0.
"""

import hashlib

from sandbox.billing.usage import usage
from sandbox.crud import serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import cut, serve_list
from sandbox.routing import Call, Page, operation
from sandbox.store import Record, new_id

MINUTE = 60
WINDOWS = {"hour": 3600, "day": 86400}
MOST_WINDOWS = 10_000


@operation("POST /v1/billing/meters")
def create(call: Call) -> Record:
    name = call.params["event_name"]
    _refuse_taken(call, name)
    now = call.box.clock.now()
    mapping = {"type": "by_id", "event_payload_key": "stripe_customer_id"}
    meter = {
        **call.box.contract.blank("billing.meter"),
        "id": new_id("mtr"),
        "created": now,
        "customer_mapping": call.get("customer_mapping", mapping),
        "default_aggregation": call.params["default_aggregation"],
        "display_name": call.params["display_name"],
        "event_name": name,
        "event_time_window": call.get("event_time_window"),
        "status": "active",
        "status_transitions": {"deactivated_at": None},
        "updated": now,
        "value_settings": call.get("value_settings", {"event_payload_key": "value"}),
    }
    call.store.add(meter)
    call.box.events.record("billing.meter.created", meter)
    return meter


@operation("POST /v1/billing/meters/{id}")
def update(call: Call) -> Record:
    meter = call.store.need("billing.meter", call.id)
    with call.box.events.updating(meter):
        name = call.get("display_name", meter["display_name"])
        call.store.update(meter, display_name=name, updated=call.box.clock.now())
    return meter


@operation("POST /v1/billing/meters/{id}/deactivate")
def deactivate(call: Call) -> Record:
    return _switch(call, "inactive", call.box.clock.now(), "billing.meter.deactivated")


@operation("POST /v1/billing/meters/{id}/reactivate")
def reactivate(call: Call) -> Record:
    return _switch(call, "active", None, "billing.meter.reactivated")


@operation("GET /v1/billing/meters/{id}/event_summaries")
def list_summaries(call: Call) -> Page:
    """``start_time`` and ``end_time`` (exclusive) stand on boundaries of the window, of a minute without one."""
    meter = call.store.need("billing.meter", call.id)
    customer = call.store.need("customer", call.params["customer"], "customer")["id"]
    start, end = call.params["start_time"], call.params["end_time"]
    window = WINDOWS.get(call.get("value_grouping_window", ""))
    for name in ("start_time", "end_time"):
        if call.params[name] % (window or MINUTE):
            boundary = call.get("value_grouping_window", "minute")
            raise invalid(f"{name} must be aligned with {boundary} boundaries.", name)
    if end <= start:
        raise invalid("end_time must be after start_time.", "end_time")
    window = window or end - start
    if (end - start) // window > MOST_WINDOWS:
        raise invalid(f"At most {MOST_WINDOWS} windows can be asked for at once.", "start_time")
    found = [_summary(call, meter, customer, at, at + window) for at in range(start, end, window)]
    return cut(call, found[::-1])


def _summary(call: Call, meter: Record, customer: str, start: int, end: int) -> Record:
    # The same window of the same customer has the same id every time: pages are cut by it.
    digest = hashlib.sha256(f"{meter['id']}:{customer}:{start}:{end}".encode()).hexdigest()
    return {
        "id": f"mtrusg_{digest[:24]}",
        "object": "billing.meter_event_summary",
        "aggregated_value": float(usage.measured(call.box, meter, customer, start, end)),
        "end_time": end,
        "livemode": False,
        "meter": meter["id"],
        "start_time": start,
    }


def _switch(call: Call, status: str, deactivated_at: int | None, event: str) -> Record:
    meter = call.store.need("billing.meter", call.id)
    if meter["status"] == status:
        raise invalid(f"This meter is already {status}.")
    if status == "active":
        _refuse_taken(call, meter["event_name"])
    transitions = {"deactivated_at": deactivated_at}
    call.store.update(meter, status=status, status_transitions=transitions, updated=call.box.clock.now())
    call.box.events.record(event, meter)
    return meter


def _refuse_taken(call: Call, event_name: str) -> None:
    meters = call.store.list("billing.meter")
    if any(one["event_name"] == event_name and one["status"] == "active" for one in meters):
        message = f"An active meter with event name {event_name} already exists."
        raise invalid(message, "event_name", "resource_already_exists")


serve_retrieve("GET /v1/billing/meters/{id}", "billing.meter")
serve_list("GET /v1/billing/meters", "billing.meter")
