"""Customers. Simplifications: cash balances, sources and tax validation are not played; tax ids wait for their resource."""

from typing import Any

from sandbox.billing import endings, methods
from sandbox.crud import changed_fields, deleted, new_metadata, refuse
from sandbox.errors import missing_resource
from sandbox.listing import page
from sandbox.routing import Call, Page, Plain, operation
from sandbox.store import Record, new_id

PLAIN = [
    "balance",
    "business_name",
    "description",
    "email",
    "individual_name",
    "invoice_prefix",
    "name",
    "next_invoice_sequence",
    "phone",
    "preferred_locales",
    "shipping",
    "tax_exempt",
]
UNSUPPORTED = ("cash_balance", "default_source", "source", "tax_id_data", "test_clock", "validate")
PREFIX_LETTERS = 8


@operation("POST /v1/customers")
def create(call: Call) -> Record:
    refuse(call.params, UNSUPPORTED)
    customer = {
        **call.box.contract.blank("customer"),
        "id": new_id("cus", 14),
        "balance": 0,
        "created": call.box.clock.now(),
        "delinquent": False,
        "invoice_prefix": new_id("", PREFIX_LETTERS)[1:].upper(),
        "invoice_settings": _invoice_settings({}, {}),
        "metadata": new_metadata(call.params),
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
        **{name: call.params[name] for name in PLAIN if name in call.params},
        "address": _address(None, call.get("address")),
        "_deleted": False,
    }
    call.store.add(customer)
    _attach_first(call, customer)
    _set_invoice_settings(call, customer)
    call.box.events.record("customer.created", customer)
    return customer


@operation("GET /v1/customers/{customer}")
def retrieve(call: Call) -> Record | Plain:
    customer = call.store.need("customer", call.id)
    return Plain(deleted(customer)) if customer["_deleted"] else customer


@operation("POST /v1/customers/{customer}")
def update(call: Call) -> Record:
    refuse(call.params, UNSUPPORTED)
    customer = existing(call)
    with call.box.events.updating(customer):
        call.store.update(customer, **changed_fields(call.params, customer, PLAIN))
        if "address" in call.params:
            call.store.update(customer, address=_address(customer["address"], call.params["address"]))
        _set_invoice_settings(call, customer)
    return customer


@operation("DELETE /v1/customers/{customer}")
def delete(call: Call) -> Plain:
    """Deleting is for good, and ends the customer's subscriptions at once."""
    customer = existing(call)
    for subscription in call.store.of("subscription", "customer", customer["id"]):
        if subscription["status"] not in endings.OVER:
            endings.cancel_now(call.box, subscription, {})
    call.store.update(customer, _deleted=True)
    call.box.events.record("customer.deleted", customer)
    return Plain(deleted(customer))


@operation("GET /v1/customers")
def list_customers(call: Call) -> Page:
    refuse(call.params, ("test_clock",))
    return page(call, [one for one in call.store.list("customer") if not one["_deleted"]])


@operation("GET /v1/customers/{customer}/payment_methods")
def list_payment_methods(call: Call) -> Page:
    existing(call)
    return page(call, call.store.of("payment_method", "customer", call.id)[::-1])


@operation("GET /v1/customers/{customer}/payment_methods/{payment_method}")
def retrieve_payment_method(call: Call) -> Record:
    method = call.store.need("payment_method", call.ids["payment_method"])
    if method["customer"] != existing(call)["id"]:
        raise missing_resource("payment_method", method["id"])
    return method


def existing(call: Call) -> Record:
    """The customer the path names, unless deleted."""
    customer = call.store.need("customer", call.ids["customer"])
    if customer["_deleted"]:
        raise missing_resource("customer", customer["id"])
    return customer


def _attach_first(call: Call, customer: Record) -> None:
    if call.get("payment_method"):
        method = methods.find(call.box, call.params["payment_method"])
        methods.refuse_to_attach(method)
        methods.attach(call.box, method, customer["id"])


def _set_invoice_settings(call: Call, customer: Record) -> None:
    given = call.get("invoice_settings")
    if not given:
        return
    id = given.get("default_payment_method")
    if id:
        method = call.store.need("payment_method", id, "invoice_settings[default_payment_method]")
        if method["customer"] != customer["id"]:
            raise missing_resource("payment_method", id, "invoice_settings[default_payment_method]")
    call.store.update(customer, invoice_settings=_invoice_settings(customer["invoice_settings"], given))


def _invoice_settings(old: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    empty = dict.fromkeys(("custom_fields", "default_payment_method", "footer", "rendering_options"))
    return {**empty, **old, **given}


def _address(old: dict[str, Any] | None, given: dict[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return {**methods.ADDRESS, **(old or {}), **given}
