"""Prices. Their amounts never change; what moves on is the lookup key, and currencies can be added.

Assumptions: an amount in another currency can be replaced; a price that is its product's default cannot be archived.
Simplification: prices that customers choose (``custom_unit_amount``) are refused.
"""

from typing import Any

from sandbox.billing.catalog import price_record
from sandbox.crud import changed_fields, serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.resources import products
from sandbox.routing import Call, operation
from sandbox.search import serve_search
from sandbox.store import Record

PLAIN = ("active", "nickname", "tax_behavior")


@operation("POST /v1/prices")
def create(call: Call) -> Record:
    price = call.store.add(price_record.build(call.box, call.params, _product(call), active=True))
    _give_lookup_key(call, price)
    call.box.events.record("price.created", price)
    return price


@operation("POST /v1/prices/{price}")
def update(call: Call) -> Record:
    price = call.store.need("price", call.id)
    _check_update(call, price)
    with call.box.events.updating(price):
        call.store.update(price, **changed_fields(call.params, price, PLAIN), **_changed_options(call, price))
        _give_lookup_key(call, price)
    return price


def _product(call: Call) -> Record:
    if "product_data" in call.params:
        if "product" in call.params:
            message = "You may only specify one of these parameters: product, product_data."
            raise invalid(message, "product", "parameters_exclusive")
        product = products.from_data(call, call.params["product_data"])
        call.box.events.record("product.created", product)
        return product
    if "product" not in call.params:
        raise invalid("Missing required param: product.", "product", "parameter_missing")
    return call.store.need("product", call.params["product"], "product")


def _check_update(call: Call, price: Record) -> None:
    wanted = call.get("tax_behavior", price["tax_behavior"])
    if price["tax_behavior"] != "unspecified" and wanted != price["tax_behavior"]:
        raise invalid(f"The tax behavior is already set to {price['tax_behavior']}: it cannot change.", "tax_behavior")
    product = call.store.need("product", price["product"])
    if call.get("active") is False and product["default_price"] == price["id"]:
        raise invalid("This price cannot be archived because it is the default price of its product.", "active")


def _changed_options(call: Call, price: Record) -> dict[str, Any]:
    """The new ``currency_options``: those given replace their own currency, an empty value removes all but the price's."""
    if "currency_options" not in call.params:
        return {}
    main = price["currency_options"][price["currency"]]
    given = call.params["currency_options"]
    kept = price["currency_options"] if given else {}
    return {"currency_options": {**kept, **price_record.options(given, main, price["currency"])}}


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


def _costs_in(price: Record, currency: str) -> bool:
    return bool(price["currency"] == currency.lower())


serve_retrieve("GET /v1/prices/{price}", "price")
serve_list("GET /v1/prices", "price", lookup_keys=_has_key, recurring=_recurs_so, currency=_costs_in)
serve_search("GET /v1/prices/search", "price")
