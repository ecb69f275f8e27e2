"""What a meter counted for a customer.

Simplification: events count at once (Stripe aggregates with a delay), and by the moment they name.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.billing.pricing import rounded

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def measured(box: Sandbox, meter_id: str | None, customer: str, start: int, end: int) -> int:
    """The usage in [start, end), rounded to whole units; 0 for a price without a meter."""
    meter = box.store.get("billing.meter", meter_id or "")
    if meter is None:
        return 0
    values = [
        Decimal(event["payload"].get(meter["value_settings"]["event_payload_key"], "0"))
        for event in box.store.of("_meter_event", "customer", customer)
        if event["event_name"] == meter["event_name"] and start <= event["timestamp"] < end
    ]
    formula = meter["default_aggregation"]["formula"]
    if formula == "count":
        return len(values)
    return rounded(values[-1] if values and formula == "last" else sum(values, Decimal(0)))
