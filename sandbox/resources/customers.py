"""Customers.

Assumptions: a balance that is given stands in the customer's currency, or in US dollars while there is none; updating an
address checks it at once when a subscription of the customer is taxed automatically. Simplification: cash balances and
sources are not played.
"""

import ipaddress
import re
from typing import Any

from sandbox.billing.invoices import balance
from sandbox.billing.payments import methods
from sandbox.billing.schedules import schedules
from sandbox.billing.subscriptions import canceling, endings
from sandbox.billing.taxes import automatic_tax, tax_ids
from sandbox.core import Sandbox
from sandbox.crud import changed_fields, deleted, new_metadata, refuse
from sandbox.errors import invalid, missing_resource
from sandbox.listing import page
from sandbox.ownership import TEST_CLOCK
from sandbox.routing import Call, Page, Plain, operation
from sandbox.store import Record, new_id

PLAIN = [
    "business_name",
    "description",
    "email",
    "individual_name",
    "invoice_prefix",
    "name",
    "next_invoice_sequence",
    "phone",
    "preferred_locales",
]
UNSUPPORTED = ("cash_balance", "default_source", "source", "validate")
PREFIX_LETTERS = 8
MOST_CUSTOM_FIELDS = 4
LOCATING = ("address", "shipping", "tax", "invoice_settings")
"""Parameters that may change where a customer is taxed."""


@operation("POST /v1/customers")
def create(call: Call) -> Record:
    refuse(call.params, UNSUPPORTED)
    customer = {
        **call.box.contract.blank("customer"),
        "id": new_id("cus", 14),
        "balance": call.get("balance", 0),
        "created": call.box.clock.now(),
        "delinquent": False,
        "invoice_prefix": new_id("", PREFIX_LETTERS)[1:].upper(),
        "invoice_settings": _invoice_settings({}, {}),
        "metadata": new_metadata(call.params),
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
        "test_clock": _test_clock(call),
        "_deleted": False,
        "_ip_address": None,
    }
    call.store.add({**customer, **_fields(call, customer)})
    customer = call.store.need("customer", customer["id"])
    if customer["balance"]:
        balance.note(call.box, customer, customer["balance"], "initial", _currency(customer))
    _set_invoice_settings(call, customer, _attach_first(call, customer))
    _check_location(call, customer, "deferred")
    call.box.events.record("customer.created", customer)
    for index, given in enumerate(call.get("tax_id_data") or []):
        tax_ids.create(call.box, given["type"], given["value"], customer, f"tax_id_data[{index}][value]")
    return customer


@operation("GET /v1/customers/{customer}")
def retrieve(call: Call) -> Record | Plain:
    customer = call.store.need("customer", call.id)
    return Plain(deleted(customer)) if customer["_deleted"] else customer


@operation("POST /v1/customers/{customer}")
def update(call: Call) -> Record:
    refuse(call.params, UNSUPPORTED)
    customer = existing(call)
    if "balance" in call.params:
        amount = call.params["balance"] - customer["balance"]
        balance.change(call.box, customer, amount, "adjustment", _currency(customer))
    with call.box.events.updating(customer):
        call.store.update(customer, **changed_fields(call.params, customer, ()), **_fields(call, customer))
        _set_invoice_settings(call, customer)
        _check_location(call, customer, "auto")
    return customer


@operation("DELETE /v1/customers/{customer}")
def delete(call: Call) -> Plain:
    """Deleting is for good, and ends the customer's subscriptions at once."""
    customer = existing(call)
    remove(call.box, customer)
    return Plain(deleted(customer))


@operation("GET /v1/customers")
def list_customers(call: Call) -> Page:
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


def remove(box: Sandbox, customer: Record) -> None:
    """Delete a customer for good, and end their subscriptions at once."""
    for subscription in box.store.of("subscription", "customer", customer["id"]):
        if subscription["status"] not in endings.OVER:
            canceling.cancel_now(box, subscription, {})
    schedules.customer_deleted(box, customer)
    box.store.update(customer, _deleted=True)
    box.events.record("customer.deleted", customer)


def existing(call: Call) -> Record:
    """The customer the path names, unless deleted."""
    customer = call.store.need("customer", call.ids["customer"])
    if customer["_deleted"]:
        raise missing_resource("customer", customer["id"])
    return customer


def _fields(call: Call, customer: Record) -> dict[str, Any]:
    """What the parameters say about the customer, apart from money, metadata and invoice settings."""
    _check(call.params)
    fields = {name: call.params[name] for name in PLAIN if name in call.params}
    if "address" in call.params:
        fields["address"] = _address(customer["address"], call.params["address"])
    if "shipping" in call.params:
        fields["shipping"] = _shipping(customer["shipping"] or {}, call.params["shipping"])
    if "tax_exempt" in call.params:
        fields["tax_exempt"] = call.params["tax_exempt"] or "none"
    if "ip_address" in (call.get("tax") or {}):
        fields["_ip_address"] = call.params["tax"]["ip_address"]
    return fields


def _check(params: dict[str, Any]) -> None:
    email, prefix = params.get("email"), params.get("invoice_prefix")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise invalid(f"Invalid email address: {email}", "email", "email_invalid")
    if prefix and not re.fullmatch(r"[A-Z0-9]{1,12}", prefix):
        raise invalid("invoice_prefix must be 1 to 12 uppercase letters or numbers.", "invoice_prefix")
    if params.get("next_invoice_sequence", 1) < 1:
        raise invalid("next_invoice_sequence must be at least 1.", "next_invoice_sequence", "parameter_invalid_integer")
    address = (params.get("tax") or {}).get("ip_address")
    try:
        ipaddress.ip_address(address or "127.0.0.1")
    except ValueError:
        raise invalid(f"Invalid IP address: {address}", "tax[ip_address]") from None


def _check_location(call: Call, customer: Record, default: str) -> None:
    """See that the customer can be taxed, if the request asks for it or a subscription depends on it."""
    when = (call.get("tax") or {}).get("validate_location", default)
    depends = (
        when == "auto" and any(name in call.params for name in LOCATING) and _is_taxed_automatically(call, customer)
    )
    if when == "immediately" or depends:
        automatic_tax.need_location(call.box, customer, "tax[validate_location]")


def _is_taxed_automatically(call: Call, customer: Record) -> bool:
    subscriptions = call.store.of("subscription", "customer", customer["id"])
    return any(one["automatic_tax"]["enabled"] for one in subscriptions if one["status"] not in endings.OVER)


def _currency(customer: Record) -> str:
    return str(customer["currency"] or "usd")


def _attach_first(call: Call, customer: Record) -> dict[str, str]:
    """Attach what ``payment_method`` names; answers the id of the method by that name, for it may be a ``pm_card_…``."""
    given = call.get("payment_method")
    if not given:
        return {}
    method = methods.find(call.box, given)
    methods.refuse_to_attach(call.box, method)
    methods.attach(call.box, method, customer["id"])
    return {given: method["id"]}


def _set_invoice_settings(call: Call, customer: Record, names: dict[str, str] | None = None) -> None:
    given = call.get("invoice_settings")
    if not given:
        return
    id = given.get("default_payment_method")
    if id:
        id = (names or {}).get(id, id)
        given = {**given, "default_payment_method": id}
        method = call.store.need("payment_method", id, "invoice_settings[default_payment_method]")
        if method["customer"] != customer["id"]:
            raise missing_resource("payment_method", id, "invoice_settings[default_payment_method]")
    if len(given.get("custom_fields") or []) > MOST_CUSTOM_FIELDS:
        message = f"A customer may have at most {MOST_CUSTOM_FIELDS} custom fields."
        raise invalid(message, "invoice_settings[custom_fields]")
    call.store.update(customer, invoice_settings=_invoice_settings(customer["invoice_settings"], given))


def _invoice_settings(old: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    empty = dict.fromkeys(("custom_fields", "default_payment_method", "footer", "rendering_options"))
    settings = {**empty, **old, **given}
    if given.get("rendering_options"):
        unset = {"amount_tax_display": None, "template": None}
        settings["rendering_options"] = {**unset, **(old["rendering_options"] or {}), **given["rendering_options"]}
    return settings


def _address(old: dict[str, Any] | None, given: dict[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return {**methods.ADDRESS, **(old or {}), **given}


def _shipping(old: dict[str, Any], given: dict[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return {"phone": None, **old, **given, "address": _address(old.get("address"), given["address"])}


def _test_clock(call: Call) -> str | None:
    id = call.get("test_clock")
    return call.store.need(TEST_CLOCK, id, "test_clock")["id"] if id else None
