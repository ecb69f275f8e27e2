"""Meter events and their adjustments. Simplification: an adjustment is complete at once, where Stripe answers ``pending``."""

from sandbox.billing.usage import meter_events
from sandbox.errors import invalid
from sandbox.routing import Call, Plain, operation


@operation("POST /v1/billing/meter_events")
def create(call: Call) -> Plain:
    event = meter_events.report(call.box, call.params)
    return Plain(
        {
            "object": "billing.meter_event",
            "created": event["created"],
            "event_name": call.params["event_name"],
            "identifier": event["identifier"],
            "livemode": False,
            "payload": call.params["payload"],
            "timestamp": event["timestamp"],
        }
    )


@operation("POST /v1/billing/meter_event_adjustments")
def adjust(call: Call) -> Plain:
    identifier = (call.get("cancel") or {}).get("identifier")
    if not identifier:
        raise invalid("Missing required param: cancel[identifier].", "cancel[identifier]", "parameter_missing")
    meter_events.cancel(call.box, call.params["event_name"], identifier)
    return Plain(
        {
            "object": "billing.meter_event_adjustment",
            "cancel": {"identifier": identifier},
            "event_name": call.params["event_name"],
            "livemode": False,
            "status": "complete",
            "type": "cancel",
        }
    )
