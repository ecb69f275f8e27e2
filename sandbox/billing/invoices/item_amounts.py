"""What an invoice item costs: an amount, or a quantity of a price.

Assumptions: an item of an amount has a quantity of 1 and no price behind it, where Stripe makes one for it; exactly one
of ``amount``, ``pricing``, ``price_data`` and ``unit_amount_decimal`` says what it costs.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.billing.catalog import price_record, pricing
from sandbox.billing.catalog.price_amounts import charges, in_currency
from sandbox.billing.invoices import lines
from sandbox.errors import invalid, unsupported
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

WAYS = ("amount", "pricing", "price_data", "unit_amount_decimal")
"""The parameters of which one says what an item costs."""
PARAMS = (*WAYS, "quantity", "quantity_decimal")


def of(box: Sandbox, params: dict[str, Any], currency: str) -> Record:
    """``amount``, ``quantity``, ``quantity_decimal`` and ``pricing`` of a new item, in that currency."""
    way = _way(params)
    if way is None:
        raise invalid(
            "You must pass one of amount, pricing, price_data or unit_amount_decimal.", "amount", "parameter_missing"
        )
    if way == "amount":
        return _of_amount(params)
    quantity = _quantity(params, Decimal(1))
    if way == "unit_amount_decimal":
        return _of_unit(params[way], quantity)
    return _of_price(_price(box, params, way, currency), quantity)


def changed(box: Sandbox, params: dict[str, Any], item: Record) -> Record:
    """The same for an item that exists: what the parameters leave open stays; empty when they say nothing of it."""
    if not any(name in params for name in PARAMS):
        return {}
    if _way(params):
        keeps_quantity = not any(name in params for name in ("amount", "quantity", "quantity_decimal"))
        kept = {"quantity_decimal": item["quantity_decimal"]} if keeps_quantity else {}
        return of(box, {**kept, **params}, item["currency"])
    quantity = _quantity(params, Decimal(item["quantity_decimal"]))
    details = (item["pricing"] or {}).get("price_details")
    if details:
        return _of_price(in_currency(box.store.need("price", details["price"]), item["currency"]), quantity)
    return _of_unit(item["pricing"]["unit_amount_decimal"], quantity)


def description(box: Sandbox, money: Record) -> str | None:
    """How an item is described when nobody says otherwise: by its product."""
    details = money["pricing"]["price_details"]
    return box.store.need("product", details["product"])["name"] if details else None


def _way(params: dict[str, Any]) -> str | None:
    given = [name for name in WAYS if name in params]
    if len(given) > 1:
        message = f"You may only specify one of these parameters: {', '.join(given)}."
        raise invalid(message, given[1], "parameters_exclusive")
    return given[0] if given else None


def _quantity(params: dict[str, Any], default: Decimal) -> Decimal:
    if "quantity" in params and "quantity_decimal" in params:
        message = "You may only specify one of these parameters: quantity, quantity_decimal."
        raise invalid(message, "quantity", "parameters_exclusive")
    name = "quantity" if "quantity" in params else "quantity_decimal"
    quantity = Decimal(params.get(name, default))
    if quantity < 0:
        raise invalid("Invalid non-negative integer", name, "parameter_invalid_integer")
    return quantity


def _price(box: Sandbox, params: dict[str, Any], way: str, currency: str) -> Record:
    if way == "price_data":
        price = _inline(box, params["price_data"])
    else:
        id = params["pricing"].get("price")
        if not id:
            raise invalid("Missing required param: pricing[price].", "pricing[price]", "parameter_missing")
        price = _named(box, id)
    if not charges(price, currency):
        raise invalid(f"The price {price['id']} has no amount in {currency}.", way)
    return in_currency(price, currency)


def _inline(box: Sandbox, data: dict[str, Any]) -> Record:
    if "product_data" in data:
        raise unsupported("price_data[product_data]")
    if not data.get("product"):
        raise invalid("Missing required param: price_data[product].", "price_data[product]", "parameter_missing")
    return price_record.inline(box, data, "price_data")


def _named(box: Sandbox, id: str) -> Record:
    param = "pricing[price]"
    price = box.store.need("price", id, param)
    if not price["active"]:
        message = "The price specified is inactive. This field only accepts active prices."
        raise invalid(message, param, "price_inactive")
    if price["type"] != "one_time":
        message = (
            "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`."
        )
        raise invalid(message, param)
    return price


def _of_amount(params: dict[str, Any]) -> Record:
    for name in ("quantity", "quantity_decimal"):
        if name in params:
            raise invalid(
                f"You may only specify one of these parameters: amount, {name}.", name, "parameters_exclusive"
            )
    return _of_unit(str(params["amount"]), Decimal(1))


def _of_unit(unit: str, quantity: Decimal) -> Record:
    cost = {"type": "price_details", "price_details": None, "unit_amount_decimal": f"{Decimal(unit).normalize():f}"}
    return {"amount": pricing.rounded(Decimal(unit) * quantity), "pricing": cost, **_shown(quantity)}


def _of_price(price: Record, quantity: Decimal) -> Record:
    return {"amount": pricing.amount(price, quantity), "pricing": lines.details(price), **_shown(quantity)}


def _shown(quantity: Decimal) -> Record:
    return {"quantity": int(quantity), "quantity_decimal": f"{quantity.normalize():f}"}
