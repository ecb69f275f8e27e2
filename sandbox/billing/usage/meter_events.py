"""Reporting usage, and taking it back.

Assumptions: whatever is wrong with an event is refused at once. What Stripe finds only while it aggregates, and then tells
in the thin events ``v1.billing.meter.error_report_triggered`` and ``v1.billing.meter.no_meter_found``, is refused with the
code those reports use. Values are decimals of at most 15 digits before and 12 behind the point; negative ones are
corrections. A meter that counts looks at no value. On a meter with ``event_time_window`` the event that came last is the
only one of its hour or day (UTC), and its cancellation does not bring an earlier one back.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sandbox.billing.usage import alerts, usage
from sandbox.errors import invalid
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

DAY = 86400
OLDEST = 35 * DAY
NEWEST = 300
"""How far from now, in seconds, the moment of an event may be."""
IDENTIFIED_FOR = DAY
CANCELABLE_FOR = DAY
DIGITS = 15
WINDOWS = {"hour": 3600, "day": DAY}


def report(box: Sandbox, params: dict[str, Any]) -> Record:
    """Count one event; an identifier counts once in 24 hours."""
    payload, now = params["payload"], box.clock.now()
    meter = _meter(box, params["event_name"])
    customer = _customer(box, meter, payload)
    identifier = params.get("identifier") or new_id("mev")
    known = box.usage.identified(identifier)
    if known and known["created"] > now - IDENTIFIED_FOR:
        raise invalid(f"An event already exists with identifier {identifier}.", "identifier", "resource_already_exists")
    event = {
        "object": usage.EVENT,
        "id": new_id("mev"),
        "identifier": identifier,
        "meter": meter["id"],
        "customer": customer["id"],
        "created": now,
        "timestamp": _moment(params.get("timestamp", now), now),
        "value": _value(meter, payload),
        "counts": True,
    }
    _replace(box, meter, event)
    box.store.add(event)
    alerts.note(box, meter, event)
    return event


def cancel(box: Sandbox, event_name: str, identifier: str) -> None:
    """Take an event back that came within the last 24 hours; invoices that are final stay as they are."""
    event = box.usage.identified(identifier)
    meter = event and box.store.need("billing.meter", event["meter"])
    if event is None or meter is None or meter["event_name"] != event_name:
        raise invalid(f"No such meter event: '{identifier}'", "cancel[identifier]", "resource_missing")
    if event["created"] <= box.clock.now() - CANCELABLE_FOR:
        message = "Meter events can only be canceled within 24 hours of being received."
        raise invalid(message, "cancel[identifier]")
    if not event["counts"]:
        raise invalid(f"The meter event {identifier} is already canceled.", "cancel[identifier]")
    _discount(box, meter, event)


def _meter(box: Sandbox, event_name: str) -> Record:
    meters = [one for one in box.store.list("billing.meter") if one["event_name"] == event_name]
    active = next((one for one in meters if one["status"] == "active"), None)
    if active is None:
        code = "archived_meter" if meters else "no_meter"
        raise invalid(f"No active meter found for event name {event_name}.", "event_name", code)
    return active


def _customer(box: Sandbox, meter: Record, payload: dict[str, str]) -> Record:
    key = meter["customer_mapping"]["event_payload_key"]
    if not payload.get(key):
        raise invalid(
            f"The payload must name a customer as {key}.", f"payload[{key}]", "meter_event_no_customer_defined"
        )
    customer = box.store.need("customer", payload[key], f"payload[{key}]")
    if customer["_deleted"]:
        raise invalid(f"No such customer: '{customer['id']}'", f"payload[{key}]", "resource_missing")
    return customer


def _moment(timestamp: int, now: int) -> int:
    if timestamp < now - OLDEST:
        message = "The timestamp must be within the past 35 days."
        raise invalid(message, "timestamp", "timestamp_too_far_in_past")
    if timestamp > now + NEWEST:
        message = "The timestamp must not be more than 5 minutes in the future."
        raise invalid(message, "timestamp", "timestamp_in_future")
    return timestamp


def _value(meter: Record, payload: dict[str, str]) -> str:
    """What an event adds, as a decimal in a string."""
    if meter["default_aggregation"]["formula"] == "count":
        return "1"
    key = meter["value_settings"]["event_payload_key"]
    given = payload.get(key)
    try:
        value = Decimal(given or "")
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        message = f"The payload must have a number as {key}, not '{given or ''}'."
        raise invalid(message, f"payload[{key}]", "meter_event_invalid_value")
    exponent = value.as_tuple().exponent
    if value.adjusted() >= DIGITS or (isinstance(exponent, int) and exponent < -usage.PLACES):
        message = f"A value has at most {DIGITS} digits before and {usage.PLACES} behind the point."
        raise invalid(message, f"payload[{key}]", "meter_event_value_too_many_digits")
    return str(value)


def _replace(box: Sandbox, meter: Record, event: Record) -> None:
    window = WINDOWS.get(meter["event_time_window"] or "")
    if window is None:
        return
    start = event["timestamp"] // window * window
    former = box.usage.tally(meter["id"], event["customer"]).latest(start, start + window)
    if former:
        _discount(box, meter, former)


def _discount(box: Sandbox, meter: Record, event: Record) -> None:
    box.store.update(event, counts=False)
    alerts.note(box, meter, event)
