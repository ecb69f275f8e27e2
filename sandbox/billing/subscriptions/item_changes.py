"""What the ``items`` of an update make of a subscription's items, before any money moves.

Source: Stripe's API reference: a changed price sets the quantity to 1 unless one is given; ``clear_usage`` has no effect on
a price with a meter. Simplification: an item's discounts change at once, and cannot be held until a payment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import discounts
from sandbox.billing.subscriptions import items
from sandbox.billing.subscriptions.items import Planned
from sandbox.crud import merged
from sandbox.errors import invalid, missing_resource
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def wanted(box: Sandbox, subscription: Record, params: dict[str, Any]) -> list[Planned]:
    """The planned items after an update; refuses unknown ids, the same price twice, and too many or no items."""
    found = [items.plan_of(item) for item in items.of(box, subscription)]
    for index, given in enumerate(params.get("items") or []):
        param = f"items[{index}]"
        current = next((one for one in found if one["id"] == given.get("id")), None)
        if "id" in given and current is None:
            raise missing_resource("subscription_item", given["id"], f"{param}[id]")
        if current is None:
            found.append(_added(box, given, param, subscription))
        elif given.get("deleted"):
            _check_clearing(box, current, given, param)
            found.remove(current)
        else:
            _alter(box, current, given, param, subscription["currency"])
            _discount(box, current, given, param)
    _check(found)
    return found


def _check(found: list[Planned]) -> None:
    prices = [one["price"] for one in found]
    if len(set(prices)) < len(prices):
        raise invalid("Cannot add multiple subscription items with the same price.", "items")
    if not found:
        message = "A subscription must have at least one active item. To end it, cancel the subscription instead."
        raise invalid(message, "items")
    if len(found) > items.MOST:
        raise invalid(f"A subscription has at most {items.MOST} items.", "items")


def _check_clearing(box: Sandbox, current: Planned, given: dict[str, Any], param: str) -> None:
    if given.get("clear_usage") and not items.is_metered(box.store.need("price", current["price"])):
        raise invalid("`clear_usage` is only allowed for metered prices.", f"{param}[clear_usage]")


def _alter(box: Sandbox, current: Planned, given: dict[str, Any], param: str, currency: str) -> None:
    kept = current["quantity"] or 1
    if "price" in given or "price_data" in given:
        price = items.wanted_price(box, given, param, currency)
        kept = kept if price["id"] == current["price"] else 1
        current["price"] = price["id"]
    current["quantity"] = items.quantity_of(box.store.need("price", current["price"]), given, param, kept)
    if "metadata" in given:
        current["metadata"] = merged(current["metadata"], given["metadata"])
    if "tax_rates" in given:
        current["tax_rates"] = given["tax_rates"] or []


def _discount(box: Sandbox, current: Planned, given: dict[str, Any], param: str) -> None:
    if "discounts" in given:
        item = box.store.need("subscription_item", current["id"])
        discounts.replace(box, item, given["discounts"] or [], f"{param}[discounts]")
        current["discounts"] = item["discounts"]


def _added(box: Sandbox, given: dict[str, Any], param: str, subscription: Record) -> Planned:
    price = items.wanted_price(box, given, param, subscription["currency"])
    start, end = items.period(price, subscription["billing_cycle_anchor"], box.clock.now())
    owner = {"object": "subscription_item", "id": new_id("si", 14), "subscription": subscription["id"]}
    return {
        "id": owner["id"],
        "discounts": discounts.redeem(box, given.get("discounts") or [], owner, f"{param}[discounts]"),
        "price": price["id"],
        "quantity": items.quantity_of(price, given, param),
        "metadata": merged(None, given.get("metadata") or {}),
        "tax_rates": given.get("tax_rates") or [],
        "current_period_start": max(start, box.clock.now()),
        "current_period_end": end,
        "debits": [],
    }
