"""Payment methods. Cards only."""

from typing import Any

from sandbox.billing.payments import methods
from sandbox.crud import changed_fields, living_customer, refuse_others, serve_retrieve
from sandbox.errors import invalid, unsupported
from sandbox.listing import serve_list
from sandbox.routing import Call, operation
from sandbox.store import Record


@operation("POST /v1/payment_methods")
def create(call: Call) -> Record:
    refuse_others(call.params, ("type", "card", "billing_details", "allow_redisplay", "metadata"))
    if "networks" in (call.get("card") or {}):
        raise unsupported("card[networks]")
    if "type" not in call.params:
        raise invalid("Missing required param: type.", "type", "parameter_missing")
    return methods.create(call.box, call.params)


@operation("POST /v1/payment_methods/{payment_method}")
def update(call: Call) -> Record:
    refuse_others(call.params, ("allow_redisplay", "billing_details", "card", "metadata"))
    method = call.store.need("payment_method", call.id)
    if not method["customer"]:
        message = "You must save this PaymentMethod to a customer before you can update it."
        raise invalid(message, code="payment_method_unexpected_state")
    card = _changed_card(call, method)
    with call.box.events.updating(method):
        call.store.update(method, card=card, **changed_fields(call.params, method, ("allow_redisplay",)))
        if "billing_details" in call.params:
            details = {**method["billing_details"], **call.params["billing_details"]}
            details["address"] = {**methods.ADDRESS, **(details["address"] or {})}
            call.store.update(method, billing_details=details)
    return method


def _changed_card(call: Call, method: Record) -> dict[str, Any]:
    card: dict[str, Any] = method["card"]
    given = call.get("card", {})
    if "networks" in given:
        raise unsupported("card[networks]")
    if not given:
        return card
    month, year = (given.get(name, card[name]) for name in ("exp_month", "exp_year"))
    month, year = methods.expiry(call.box, month, year)
    return {**card, "exp_month": month, "exp_year": year}


@operation("POST /v1/payment_methods/{payment_method}/attach")
def attach(call: Call) -> Record:
    method = methods.find(call.box, call.id, "id")
    customer = call.get("customer")
    if not customer:
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    living_customer(call.box, customer)
    methods.refuse_to_attach(call.box, method)
    methods.attach(call.box, method, customer)
    return method


@operation("POST /v1/payment_methods/{payment_method}/detach")
def detach(call: Call) -> Record:
    """For good: a detached method can be used nowhere any more, and stops being anybody's default."""
    method = call.store.need("payment_method", call.id)
    if not method["customer"]:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    _forget(call, method)
    previous = {"customer": method["customer"]}
    call.store.update(method, customer=None, _detached=True)
    call.box.events.record("payment_method.detached", method, previous)
    return method


def _forget(call: Call, method: Record) -> None:
    customer = call.store.need("customer", method["customer"])
    if customer["invoice_settings"]["default_payment_method"] == method["id"]:
        with call.box.events.updating(customer):
            settings = {**customer["invoice_settings"], "default_payment_method": None}
            call.store.update(customer, invoice_settings=settings)
    for subscription in call.store.of("subscription", "customer", customer["id"]):
        if subscription["default_payment_method"] == method["id"]:
            with call.box.events.updating(subscription):
                call.store.update(subscription, default_payment_method=None)


def _is_attached(method: Record, customer: str) -> bool:
    return bool(method["customer"] == customer)


serve_retrieve("GET /v1/payment_methods/{payment_method}", "payment_method")
serve_list("GET /v1/payment_methods", "payment_method", customer=_is_attached)
