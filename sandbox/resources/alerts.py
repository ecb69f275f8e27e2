"""Billing alerts. Assumption: an archived alert is left out of the list, and can still be retrieved."""

from sandbox.billing.usage import alerts
from sandbox.crud import serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import page
from sandbox.routing import Call, Page, operation
from sandbox.store import Record, new_id


@operation("POST /v1/billing/alerts")
def create(call: Call) -> Record:
    given = call.get("usage_threshold")
    if given is None:
        raise invalid("Missing required param: usage_threshold.", "usage_threshold", "parameter_missing")
    meter = call.store.need("billing.meter", given["meter"], "usage_threshold[meter]")
    if given["gte"] <= 0:
        raise invalid("gte must be greater than 0.", "usage_threshold[gte]", "parameter_invalid_integer")
    filters = given.get("filters") or []
    customer = _customer(call, filters)
    alerts.refuse_too_many(call.box, meter["id"], customer)
    alert = {
        **call.box.contract.blank("billing.alert"),
        "id": new_id("alrt"),
        "alert_type": "usage_threshold",
        "status": "active",
        "title": call.params["title"],
        "usage_threshold": {
            "filters": [{"type": "customer", "customer": customer}] if filters else [],
            "gte": given["gte"],
            "meter": meter["id"],
            "recurrence": given["recurrence"],
        },
        "_created": call.box.clock.now(),
    }
    return call.store.add(alert)


@operation("POST /v1/billing/alerts/{id}/activate")
def activate(call: Call) -> Record:
    return _switch(call, "active", "inactive")


@operation("POST /v1/billing/alerts/{id}/deactivate")
def deactivate(call: Call) -> Record:
    return _switch(call, "inactive", "active")


@operation("POST /v1/billing/alerts/{id}/archive")
def archive(call: Call) -> Record:
    return _switch(call, "archived", "active", "inactive")


@operation("GET /v1/billing/alerts")
def list_alerts(call: Call) -> Page:
    shown = [one for one in call.store.list("billing.alert") if one["status"] != "archived"]
    return page(call, shown, {"meter": _watches})


def _customer(call: Call, filters: list[dict[str, str]]) -> str | None:
    if len(filters) > 1:
        raise invalid("You can specify only one filter.", "usage_threshold[filters]")
    if not filters:
        return None
    param = "usage_threshold[filters][0][customer]"
    if "customer" not in filters[0]:
        raise invalid(f"Missing required param: {param}.", param, "parameter_missing")
    return str(call.store.need("customer", filters[0]["customer"], param)["id"])


def _switch(call: Call, status: str, *allowed: str) -> Record:
    alert = call.store.need("billing.alert", call.id)
    if alert["status"] not in allowed:
        raise invalid(f"This alert is {alert['status']}; it cannot become {status}.")
    call.store.update(alert, status=status)
    return alert


def _watches(alert: Record, meter: str) -> bool:
    return bool(alert["usage_threshold"]["meter"] == meter)


serve_retrieve("GET /v1/billing/alerts/{id}", "billing.alert")
