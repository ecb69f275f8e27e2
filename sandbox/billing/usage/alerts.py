"""Usage alerts: told once per customer, when what a meter counted since the alert was made reaches its threshold.

Stripe's rules: only usage reported after the alert was created counts, and a meter has at most 25 alerts per customer.
Assumptions: usage that is reported while an alert is inactive does not count for it; an alert that fired for a customer
does not fire for them again when it is reactivated; an alert for all customers counts against the limit of each of them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

PROGRESS = "_alert_progress"
MOST = 25


def note(box: Sandbox, meter: Record, event: Record) -> None:
    """A meter event was counted, or (``counts`` is False) no longer is: tell of the alerts it sets off."""
    for alert in of(box, meter["id"], event["customer"]):
        if alert["status"] == "active" and event["created"] >= alert["_created"]:
            _advance(box, meter, alert, event)


def of(box: Sandbox, meter: str, customer: str | None) -> list[Record]:
    """The alerts on a meter that concern a customer (None: those for all customers), archived ones left out."""
    found = []
    for alert in box.store.list("billing.alert")[::-1]:
        threshold = alert["usage_threshold"]
        concerned = {one["customer"] for one in threshold["filters"] or [] if one["customer"]} or {customer}
        if threshold["meter"] == meter and customer in concerned and alert["status"] != "archived":
            found.append(alert)
    return found


def refuse_too_many(box: Sandbox, meter: str, customer: str | None) -> None:
    if len(of(box, meter, customer)) >= MOST:
        raise invalid(f"A meter can have at most {MOST} alerts per customer.", "usage_threshold[meter]")


def _advance(box: Sandbox, meter: Record, alert: Record, event: Record) -> None:
    id = f"{alert['id']}:{event['customer']}"
    progress = box.store.get(PROGRESS, id)
    if progress is None:
        progress = box.store.add({"object": PROGRESS, "id": id, "value": "0", "fired": False})
    if meter["default_aggregation"]["formula"] == "last":
        value = Decimal(event["value"]) if event["counts"] else Decimal(progress["value"])
    else:
        value = Decimal(progress["value"]) + (1 if event["counts"] else -1) * Decimal(event["value"])
    fires = not progress["fired"] and value >= alert["usage_threshold"]["gte"]
    box.store.update(progress, value=str(value), fired=progress["fired"] or fires)
    if fires:
        _tell(box, alert, event["customer"], value)


def _tell(box: Sandbox, alert: Record, customer: str, value: Decimal) -> None:
    triggered = {
        "object": "billing.alert_triggered",
        "alert": box.render(alert),
        "created": box.clock.now(),
        "customer": customer,
        "livemode": False,
        "value": int(value),
    }
    box.events.record_snapshot("billing.alert.triggered", triggered)
