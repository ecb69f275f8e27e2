"""``add_invoice_items``: one-off items for the next invoice of a subscription, which may be the one about to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import invoice_items
from sandbox.billing.subscriptions import items
from sandbox.errors import ApiError, invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

MOST = 20
KEPT = ("discountable", "discounts", "metadata", "price_data", "quantity", "tax_rates")


def add(box: Sandbox, subscription: Record, wishes: list[dict[str, Any]] | None) -> None:
    """Store them as pending items of the subscription; their prices must be one-time."""
    wishes = wishes or []
    if len(wishes) > MOST:
        raise invalid(f"You may add at most {MOST} invoice items.", "add_invoice_items")
    customer = box.store.need("customer", subscription["customer"])
    for index, wish in enumerate(wishes):
        param = f"add_invoice_items[{index}]"
        params = {name: wish[name] for name in KEPT if name in wish}
        if "price" in wish:
            params["pricing"] = {"price": wish["price"]}
        elif "price_data" not in wish:
            raise invalid(f"Missing required param: {param}[price].", f"{param}[price]", "parameter_missing")
        params["period"] = _period(box, subscription, wish.get("period") or {})
        try:
            invoice_items.add(box, params, customer, subscription)
        except ApiError as error:
            error.error["param"] = f"{param}[{_leaf(error.error.get('param', 'price'))}]"
            raise


def _period(box: Sandbox, subscription: Record, given: dict[str, Any]) -> dict[str, int]:
    found = items.of(box, subscription)
    instants = {
        "now": box.clock.now(),
        "max_item_period_start": max(item["current_period_start"] for item in found),
        "min_item_period_end": min(item["current_period_end"] for item in found),
    }
    defaults = {"start": {"type": "max_item_period_start"}, "end": {"type": "min_item_period_end"}}
    wanted = {side: given.get(side, default) for side, default in defaults.items()}
    return {side: instants.get(at["type"], at.get("timestamp", 0)) for side, at in wanted.items()}


def _leaf(param: str) -> str:
    """``price`` of ``pricing[price]``: the parameter as it is called here."""
    return param.removeprefix("pricing[").rstrip("]") if param.startswith("pricing[") else param
