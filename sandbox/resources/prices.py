"""Prices. Their amounts never change; what moves on is the lookup key.

Simplification: currency options are kept and shown, and subscriptions use the main currency only.
"""

from decimal import Decimal
from typing import Any

from sandbox.billing.pricing import rounded
from sandbox.crud import changed_fields, new_metadata, refuse, serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.resources import products
from sandbox.routing import Call, operation
from sandbox.store import Record, new_id

PLAIN = ("active", "nickname", "tax_behavior")


@operation("POST /v1/prices")
def create(call: Call) -> Record:
    refuse(call.params, ("custom_unit_amount",))
    product = _product(call)
    recurring = _recurring(call)
    scheme = call.get("billing_scheme", "per_unit")
    unit = _unit_amounts(call.params) if scheme == "per_unit" else _no_amount()
    if scheme == "per_unit" and unit["unit_amount_decimal"] is None:
        message = "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set."
        raise invalid(message, "unit_amount", "parameter_missing")
    price = {
        **call.box.contract.blank("price"),
        "id": new_id("price"),
        "active": call.get("active", True),
        "billing_scheme": scheme,
        "created": call.box.clock.now(),
        "currency": call.params["currency"].lower(),
        "currency_options": _currency_options(call.get("currency_options"), call.params, unit),
        "lookup_key": None,
        "metadata": new_metadata(call.params),
        "nickname": call.get("nickname"),
        "product": product["id"],
        "recurring": recurring,
        "tax_behavior": call.get("tax_behavior", "unspecified"),
        "tiers": _tiers(call) if scheme == "tiered" else None,
        "tiers_mode": call.get("tiers_mode"),
        "transform_quantity": call.get("transform_quantity"),
        "type": "recurring" if recurring else "one_time",
        **unit,
    }
    call.store.add(price)
    _give_lookup_key(call, price)
    call.box.events.record("price.created", price)
    return price


@operation("POST /v1/prices/{price}")
def update(call: Call) -> Record:
    refuse(call.params, ("currency_options",))
    price = call.store.need("price", call.id)
    with call.box.events.updating(price):
        call.store.update(price, **changed_fields(call.params, price, PLAIN))
        _give_lookup_key(call, price)
    return price


def _product(call: Call) -> Record:
    if "product_data" in call.params:
        product = products.from_data(call, call.params["product_data"])
        call.box.events.record("product.created", product)
        return product
    if "product" not in call.params:
        raise invalid("Missing required param: product.", "product", "parameter_missing")
    return call.store.need("product", call.params["product"], "product")


def _recurring(call: Call) -> dict[str, Any] | None:
    given = call.get("recurring")
    if not given:
        return None
    meter = given.get("meter")
    usage = given.get("usage_type", "licensed")
    if meter:
        call.store.need("billing.meter", meter, "recurring[meter]")
    if usage == "metered" and not meter:
        raise invalid("You must specify a meter for a metered price.", "recurring[meter]", "parameter_missing")
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": meter,
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": usage,
    }


def _unit_amounts(given: dict[str, Any]) -> dict[str, Any]:
    if given.get("unit_amount_decimal") is not None:
        exact = Decimal(given["unit_amount_decimal"])
        whole = rounded(exact) if exact == exact.to_integral_value() else None
        return {"unit_amount": whole, "unit_amount_decimal": f"{exact.normalize():f}"}
    if given.get("unit_amount") is not None:
        return {"unit_amount": given["unit_amount"], "unit_amount_decimal": str(given["unit_amount"])}
    return _no_amount()


def _no_amount() -> dict[str, Any]:
    return {"unit_amount": None, "unit_amount_decimal": None}


def _tiers(call: Call) -> list[dict[str, Any]]:
    if not call.get("tiers") or not call.get("tiers_mode"):
        raise invalid("Tiered prices need `tiers` and `tiers_mode`.", "tiers", "parameter_missing")
    return [_tier(given) for given in call.params["tiers"]]


def _tier(given: dict[str, Any]) -> dict[str, Any]:
    flat = _unit_amounts(
        {"unit_amount": given.get("flat_amount"), "unit_amount_decimal": given.get("flat_amount_decimal")}
    )
    return {
        "flat_amount": flat["unit_amount"],
        "flat_amount_decimal": flat["unit_amount_decimal"],
        "up_to": None if given["up_to"] == "inf" else given["up_to"],
        **_unit_amounts(given),
    }


def _currency_options(
    given: dict[str, Any] | None, params: dict[str, Any], unit: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    main = {**unit, "custom_unit_amount": None, "tax_behavior": params.get("tax_behavior", "unspecified")}
    options = {params["currency"].lower(): main}
    for currency, option in (given or {}).items():
        options[currency] = {**main, **_unit_amounts(option)}
    return options


def _give_lookup_key(call: Call, price: Record) -> None:
    key = call.get("lookup_key")
    if key is None:
        return
    holder = next((one for one in call.store.list("price") if one["lookup_key"] == key and one is not price), None)
    if holder and not call.get("transfer_lookup_key"):
        message = f"A price (`{holder['id']}`) already uses that lookup key: {key}"
        raise invalid(message, "lookup_key", "resource_already_exists")
    if holder:
        with call.box.events.updating(holder):
            call.store.update(holder, lookup_key=None)
    call.store.update(price, lookup_key=key)


def _has_key(price: Record, keys: list[str]) -> bool:
    return price["lookup_key"] in keys


def _recurs_so(price: Record, wanted: dict[str, Any]) -> bool:
    recurring = price["recurring"] or {}
    return all(recurring.get(name) == value for name, value in wanted.items())


serve_retrieve("GET /v1/prices/{price}", "price")
serve_list("GET /v1/prices", "price", lookup_keys=_has_key, recurring=_recurs_so)
