"""Credit grants. Assumption: ``effective_at`` may lie in the past."""

from typing import Any

from sandbox.billing.usage import credits
from sandbox.crud import changed_fields, living_customer, new_metadata, refuse, serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.routing import Call, operation
from sandbox.store import Record, new_id

MOST_PRICES = 20
MOST_UNUSED = 100
LOWEST_PRIORITY = 100


@operation("POST /v1/billing/credit_grants")
def create(call: Call) -> Record:
    refuse(call.params, ("customer_account",))
    customer = _customer(call)
    now = call.box.clock.now()
    effective_at = call.get("effective_at", now)
    expires_at = call.get("expires_at")
    if expires_at is not None and expires_at <= max(now, effective_at):
        raise invalid("expires_at must be in the future and after effective_at.", "expires_at")
    priority = call.get("priority", 50)
    if not 0 <= priority <= LOWEST_PRIORITY:
        raise invalid(f"priority must be between 0 and {LOWEST_PRIORITY}.", "priority", "parameter_invalid_integer")
    grant = {
        **call.box.contract.blank("billing.credit_grant"),
        "id": new_id("credgr"),
        "amount": _amount(call.params["amount"]),
        "applicability_config": {"scope": _scope(call)},
        "category": call.get("category", "paid"),
        "created": now,
        "customer": customer["id"],
        "effective_at": effective_at,
        "expires_at": expires_at,
        "metadata": new_metadata(call.params),
        "name": call.get("name"),
        "priority": priority,
        "updated": now,
    }
    return credits.grant(call.box, grant)


@operation("POST /v1/billing/credit_grants/{id}")
def update(call: Call) -> Record:
    grant = call.store.need("billing.credit_grant", call.id)
    changes = changed_fields(call.params, grant, ("expires_at",))
    if "expires_at" in changes:
        credits.need_live(grant)
        if changes["expires_at"] is not None and changes["expires_at"] <= call.box.clock.now():
            raise invalid("expires_at must be in the future.", "expires_at")
    with call.box.events.updating(grant):
        call.store.update(grant, **changes, updated=call.box.clock.now())
    return grant


@operation("POST /v1/billing/credit_grants/{id}/expire")
def expire(call: Call) -> Record:
    grant = call.store.need("billing.credit_grant", call.id)
    credits.need_live(grant)
    now = call.box.clock.now()
    with call.box.events.updating(grant):
        call.store.update(grant, expires_at=now, updated=now)
    credits.expire(call.box, grant)
    return grant


@operation("POST /v1/billing/credit_grants/{id}/void")
def void(call: Call) -> Record:
    grant = call.store.need("billing.credit_grant", call.id)
    credits.void(call.box, grant)
    return grant


def _customer(call: Call) -> Record:
    if "customer" not in call.params:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = living_customer(call.box, call.params["customer"])
    grants = call.store.of("billing.credit_grant", "customer", customer["id"])
    unused = [one for one in grants if one["_left"] and not credits.is_used(one)]
    if len(unused) >= MOST_UNUSED:
        raise invalid(f"A customer can have at most {MOST_UNUSED} unused credit grants.", "customer")
    return customer


def _amount(given: dict[str, Any]) -> dict[str, Any]:
    monetary = given.get("monetary")
    if monetary is None:
        raise invalid("Missing required param: amount[monetary].", "amount[monetary]", "parameter_missing")
    if monetary["value"] <= 0:
        message = "The value of a credit grant must be a positive integer."
        raise invalid(message, "amount[monetary][value]", "parameter_invalid_integer")
    return {
        "type": "monetary",
        "monetary": {"currency": monetary["currency"].lower(), "value": monetary["value"]},
    }


def _scope(call: Call) -> dict[str, Any]:
    given = call.params["applicability_config"]["scope"]
    param = "applicability_config[scope]"
    prices = [one["id"] for one in given.get("prices") or []]
    if bool(prices) == ("price_type" in given):
        raise invalid("Give either `price_type` or `prices`.", param)
    if len(prices) > MOST_PRICES:
        raise invalid(f"A credit grant can name at most {MOST_PRICES} prices.", f"{param}[prices]")
    for index, id in enumerate(prices):
        price = call.store.need("price", id, f"{param}[prices][{index}][id]")
        if not (price["recurring"] or {}).get("meter"):
            raise invalid(f"The price {id} has no meter.", f"{param}[prices][{index}][id]")
    return {"price_type": given.get("price_type"), "prices": [{"id": id} for id in prices] or None}


serve_retrieve("GET /v1/billing/credit_grants/{id}", "billing.credit_grant")
serve_list("GET /v1/billing/credit_grants", "billing.credit_grant")
