"""Tax ids: of a customer, below the customer or by owner, and of the seller.

Simplification: owners are customers and the seller itself; there are no other accounts.
"""

from __future__ import annotations

from typing import Any

from sandbox.billing.taxes import tax_ids
from sandbox.crud import deleted, serve_retrieve
from sandbox.errors import invalid, missing_resource, unsupported
from sandbox.listing import cut
from sandbox.resources.customers import existing
from sandbox.routing import Call, Page, Plain, operation
from sandbox.store import Record


@operation("POST /v1/customers/{customer}/tax_ids")
def create_for_customer(call: Call) -> Record:
    return tax_ids.create(call.box, call.params["type"], call.params["value"], existing(call), "value")


@operation("GET /v1/customers/{customer}/tax_ids")
def list_of_customer(call: Call) -> Page:
    return cut(call, tax_ids.of(call.box, existing(call))[::-1])


@operation("GET /v1/customers/{customer}/tax_ids/{id}")
def retrieve_of_customer(call: Call) -> Record:
    return _of_customer(call)


@operation("DELETE /v1/customers/{customer}/tax_ids/{id}")
def delete_of_customer(call: Call) -> Plain:
    tax_id = _of_customer(call)
    tax_ids.delete(call.box, tax_id)
    return Plain(deleted(tax_id))


@operation("POST /v1/tax_ids")
def create(call: Call) -> Record:
    return tax_ids.create(call.box, call.params["type"], call.params["value"], _owner(call), "value")


@operation("GET /v1/tax_ids")
def list_all(call: Call) -> Page:
    owner = _owner(call)
    own = [one for one in call.store.list("tax_id") if one["customer"] is None]
    return cut(call, own if owner is None else tax_ids.of(call.box, owner)[::-1])


@operation("DELETE /v1/tax_ids/{id}")
def delete(call: Call) -> Plain:
    tax_id = call.store.need("tax_id", call.id)
    tax_ids.delete(call.box, tax_id)
    return Plain(deleted(tax_id))


def _of_customer(call: Call) -> Record:
    tax_id = call.store.need("tax_id", call.ids["id"])
    if tax_id["customer"] != existing(call)["id"]:
        raise missing_resource("tax_id", tax_id["id"])
    return tax_id


def _owner(call: Call) -> Record | None:
    """The customer that the parameters name; None for the seller."""
    owner: dict[str, Any] = call.get("owner") or {"type": "self"}
    if owner["type"] == "self":
        return None
    if owner["type"] != "customer":
        raise unsupported(f"owner[{owner['type']}]")
    if "customer" not in owner:
        raise invalid("Missing required param: owner[customer].", "owner[customer]", "parameter_missing")
    customer = call.store.need("customer", owner["customer"], "owner[customer]")
    if customer["_deleted"]:
        raise missing_resource("customer", customer["id"], "owner[customer]")
    return customer


serve_retrieve("GET /v1/tax_ids/{id}", "tax_id")
