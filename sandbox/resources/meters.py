"""Billing meters and the events they count."""

from sandbox.crud import serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.routing import Call, Plain, operation
from sandbox.store import Record, new_id

OLDEST = 35 * 86400
NEWEST = 300
"""How far from now, in seconds, the timestamp of a meter event may be."""


@operation("POST /v1/billing/meters")
def create(call: Call) -> Record:
    name = call.params["event_name"]
    if any(one["event_name"] == name and one["status"] == "active" for one in call.store.list("billing.meter")):
        raise invalid(
            f"An active meter with event name {name} already exists.", "event_name", "resource_already_exists"
        )
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


def _switch(call: Call, status: str, deactivated_at: int | None, event: str) -> Record:
    meter = call.store.need("billing.meter", call.id)
    if meter["status"] == status:
        raise invalid(f"This meter is already {status}.")
    transitions = {"deactivated_at": deactivated_at}
    call.store.update(meter, status=status, status_transitions=transitions, updated=call.box.clock.now())
    call.box.events.record(event, meter)
    return meter


@operation("POST /v1/billing/meter_events")
def count(call: Call) -> Plain:
    """Count one event; an identifier counts once."""
    payload, now = call.params["payload"], call.box.clock.now()
    meters = [one for one in call.store.list("billing.meter") if one["event_name"] == call.params["event_name"]]
    if not any(one["status"] == "active" for one in meters):
        raise invalid(f"No active meter found for event name {call.params['event_name']}.", "event_name")
    customer_key = meters[0]["customer_mapping"]["event_payload_key"]
    call.store.need("customer", payload.get(customer_key, ""), f"payload[{customer_key}]")
    identifier = call.get("identifier") or new_id("mev")
    if call.store.get("_meter_event", identifier):
        raise invalid(f"An event already exists with identifier {identifier}.", "identifier", "resource_already_exists")
    timestamp = call.get("timestamp", now)
    if not now - OLDEST <= timestamp <= now + NEWEST:
        raise invalid("The timestamp must be within the past 35 days and not in the future.", "timestamp")
    event = {"event_name": call.params["event_name"], "payload": payload, "timestamp": timestamp}
    call.store.add({**event, "object": "_meter_event", "id": identifier, "customer": payload[customer_key]})
    shown = {"object": "billing.meter_event", "created": now, "identifier": identifier, "livemode": False}
    return Plain({**shown, **event})


serve_retrieve("GET /v1/billing/meters/{id}", "billing.meter")
serve_list("GET /v1/billing/meters", "billing.meter")
