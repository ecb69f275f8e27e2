"""The items of a subscription: what the parameters ask for, and putting it in place.

A *planned item* is a plain dict: ``{id, price, quantity, metadata, tax_rates, discounts, current_period_start,
current_period_end, debits}``; the id may be of an item that does not exist yet. An existing item keeps the discounts it has
(:mod:`sandbox.billing.invoices.discounts` changes them). ``debits`` is what was asked for the running period, the base
of a later credit: ``{amount, start, end, invoice, line, item}`` each, net of discounts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox import proration
from sandbox.billing.catalog import price_record, pricing
from sandbox.billing.catalog.price_amounts import charges, in_currency
from sandbox.billing.subscriptions import periods
from sandbox.errors import invalid, unsupported
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

Planned = dict[str, Any]
Debit = dict[str, Any]

MOST = 20
UNSUPPORTED = ("billing_thresholds", "current_trial", "plan")


def wanted_price(box: Sandbox, given: dict[str, Any], param: str, currency: str | None) -> Record:
    """The price an item's parameters name (or bring, as ``price_data``), if a subscription in that currency can have it.

    It comes with the amounts it has in that currency.
    """
    for name in UNSUPPORTED:
        if name in given:
            raise unsupported(f"{param}[{name}]")
    if "price_data" in given and "price" not in given:
        price = price_record.inline(box, given["price_data"], f"{param}[price_data]")
    else:
        price = _named_price(box, given, param)
    if currency and not charges(price, currency):
        message = (
            f"All prices on a subscription must have the same currency: {price['id']} has no amount in {currency}."
        )
        raise invalid(message, f"{param}[price]")
    return in_currency(price, currency or price["currency"])


def _named_price(box: Sandbox, given: dict[str, Any], param: str) -> Record:
    if "price" not in given:
        raise invalid(f"Missing required param: {param}[price].", f"{param}[price]", "parameter_missing")
    price = box.store.need("price", given["price"], f"{param}[price]")
    if not price["active"]:
        raise invalid(f"The price specified is inactive: {price['id']}.", f"{param}[price]", "price_inactive")
    if price["type"] != "recurring":
        message = f"The price specified is set to `type=one_time` but this field only accepts `type=recurring`: {price['id']}."
        raise invalid(message, f"{param}[price]")
    return price


def currency_for(box: Sandbox, given: list[dict[str, Any]], customer: Record) -> str | None:
    """The customer's own currency if each of the items' prices has amounts in it, else None: the first price's decides."""
    currency = customer["currency"]
    named = [box.store.get("price", one.get("price", "")) for one in given]
    fits = currency and all(price and charges(price, currency) for price in named)
    return currency if fits else None


def quantity_of(price: Record, given: dict[str, Any], param: str, default: int = 1) -> int | None:
    """The quantity asked for; None for a metered price, which must not have one."""
    if is_metered(price):
        if "quantity" in given:
            raise invalid("Quantity should not be specified for metered prices.", f"{param}[quantity]")
        return None
    quantity = given.get("quantity", default)
    if quantity < 0:
        raise invalid(
            "Invalid integer: quantity must not be negative", f"{param}[quantity]", "parameter_invalid_integer"
        )
    return int(quantity)


def is_metered(price: Record) -> bool:
    return bool(price["recurring"]["usage_type"] == "metered")


def usage_start(item: Record) -> int:
    """Since when the usage of a metered item is its price's: the start of its period, or a change of price within."""
    return max(int(item["current_period_start"]), item.get("_usage_from") or 0)


def period(price: Record, anchor: int, instant: int) -> tuple[int, int]:
    """The whole billing period of a price around ``instant``, counted from the anchor."""
    interval, count = price["recurring"]["interval"], price["recurring"]["interval_count"]
    end = periods.boundary_after(anchor, interval, count, instant)
    return periods.boundary_before(anchor, interval, count, end), end


def of(box: Sandbox, subscription: Record) -> list[Record]:
    """The items of a subscription, in their order."""
    return [box.store.need("subscription_item", id) for id in subscription["items"]]


def plan_of(item: Record) -> Planned:
    """An existing item as it is."""
    kept = (
        "id",
        "price",
        "quantity",
        "metadata",
        "tax_rates",
        "discounts",
        "current_period_start",
        "current_period_end",
    )
    return {**{name: item[name] for name in kept}, "debits": item["_debits"]}


def put(box: Sandbox, subscription: Record, planned: list[Planned]) -> list[Record]:
    """Make the subscription's items what is planned: change those that exist, add the others, remove the rest."""
    placed = [_place(box, subscription, one) for one in planned]
    kept = [item["id"] for item in placed]
    for item in of(box, subscription):
        if item["id"] not in kept:
            box.store.remove(item)
    box.store.update(subscription, items=kept)
    note_boundary(box, subscription)
    return placed


def worth(box: Sandbox, subscription: Record) -> int:
    """What one period of the licensed items costs before discounts, in minor units."""
    total = 0
    for item in of(box, subscription):
        price = in_currency(box.store.need("price", item["price"]), subscription["currency"])
        total += 0 if is_metered(price) else pricing.amount(price, item["quantity"])
    return total


def note_boundary(box: Sandbox, subscription: Record) -> None:
    """Keep on the subscription when the first of its items' periods ends."""
    ends = (item["current_period_end"] for item in of(box, subscription))
    box.store.update(subscription, _boundary=min(ends, default=None))


def debit_of(line: Record) -> Debit:
    """What a line asks for, net of its discounts."""
    taken = sum(one["amount"] for one in line["discount_amounts"])
    return {
        "amount": line["amount"] - taken,
        **line["period"],
        "invoice": line["invoice"],
        "line": line["id"],
        "item": line["_invoice_item"],
    }


def debits_of(drawn: list[Record]) -> dict[str, list[Debit]]:
    """The debits in the lines of an invoice, by subscription item; usage is never given back."""
    found: dict[str, list[Debit]] = {}
    for line in drawn:
        details = (line["parent"] or {}).get("subscription_item_details")
        if details and line["amount"] > 0 and not line["_usage"]:
            found.setdefault(details["subscription_item"], []).append(debit_of(line))
    return found


def note_invoiced(box: Sandbox, drawn: list[Record]) -> None:
    """Pending debits that an invoice took up now have a line, and the discount it got."""
    taken = taken_up(drawn)
    for details in filter(None, ((line["parent"] or {}).get("subscription_item_details") for line in drawn)):
        item = box.store.get("subscription_item", details["subscription_item"])
        if item and any(debit["item"] in taken for debit in item["_debits"]):
            box.store.update(item, _debits=[invoiced(debit, taken) for debit in item["_debits"]])


def taken_up(drawn: list[Record]) -> dict[str, Debit]:
    """The debits in the lines of an invoice that were pending, by invoice item."""
    return {line["_invoice_item"]: debit_of(line) for line in drawn if line["_invoice_item"] and line["amount"] > 0}


def invoiced(debit: Debit, taken: dict[str, Debit]) -> Debit:
    """A debit as the invoice has it that took it up, if one did; of one that was shortened, the part that is left."""
    whole = taken.get(debit["item"])
    if whole is None or debit["invoice"]:
        return debit
    amount = proration.share(whole["amount"], debit["start"], debit["end"], whole["start"], whole["end"])
    return {**whole, "start": debit["start"], "end": debit["end"], "amount": amount}


def _place(box: Sandbox, subscription: Record, planned: Planned) -> Record:
    fields = {name: planned[name] for name in planned if name not in ("id", "debits", "discounts")}
    item = box.store.get("subscription_item", planned["id"])
    if item:
        box.store.update(item, **fields, _debits=planned["debits"])
        return item
    return box.store.add(
        {
            **box.contract.blank("subscription_item"),
            "id": planned["id"],
            "created": box.clock.now(),
            "discounts": planned["discounts"],
            "subscription": subscription["id"],
            "_debits": planned["debits"],
            **fields,
        }
    )
