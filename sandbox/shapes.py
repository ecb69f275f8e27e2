"""Events in the words of older API versions, for endpoints that were made for one.

Played are the changes that break most receivers: those of basil (2025-03-31: the period of a subscription moved to its
items, an invoice lost ``subscription``, ``paid``, ``payment_intent`` and ``tax``, its lines lost ``price`` and
``proration``) and of clover (2025-09-30: the coupon of a discount and of a promotion code moved into ``source`` and
``promotion``). Simplification: every other difference between versions is left as it is today.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.core import Sandbox

BASIL, CLOVER = "2025-03-31", "2025-09-30"
Shown = dict[str, Any]


def in_version(box: Sandbox, event: Shown, version: str) -> Shown:
    """The event as an endpoint of that version gets it. Versions compare as text, for they begin with their date."""
    about = event["data"]["object"]
    changes = [change for until, type, change in CHANGES if version < until and type == about["object"]]
    data = dict(event["data"])
    for change in changes:
        data["object"] = change(box, data["object"])
        if "previous_attributes" in data and change in OF_PREVIOUS:
            data["previous_attributes"] = OF_PREVIOUS[change](data["previous_attributes"])
    return {**event, "api_version": version, "data": data}


def _subscription(_: Sandbox, shown: Shown) -> Shown:
    items = shown["items"]["data"]
    period = {key: items[0][key] for key in PERIOD} if items else {}
    bare = [{key: value for key, value in item.items() if key not in PERIOD} for item in items]
    return {**shown, **period, "items": {**shown["items"], "data": bare}}


def _previous_subscription(previous: Shown) -> Shown:
    """A roll-over of the period shows where the period was."""
    items = previous.get("items", {}).get("data", [])
    if not items or PERIOD[0] not in items[0]:
        return previous
    rest = {key: value for key, value in previous.items() if key != "items"}
    return {**rest, **{key: items[0][key] for key in PERIOD}}


def _invoice(box: Sandbox, shown: Shown) -> Shown:
    parent = (shown.get("parent") or {}).get("subscription_details") or {}
    taxes = shown.get("total_taxes") or []
    payments = box.store.of("invoice_payment", "invoice", shown.get("id") or "")
    intent = payments[-1]["payment"].get("payment_intent") if payments else None
    found = box.store.get("payment_intent", intent) if intent else None
    lines = {**shown["lines"], "data": [_line(box, line) for line in shown["lines"]["data"]]}
    kept = {key: value for key, value in shown.items() if key not in ("parent", "total_taxes")}
    older = {
        "subscription": parent.get("subscription"),
        "paid": shown["status"] == "paid",
        "payment_intent": intent,
        "charge": found["latest_charge"] if found else None,
        "tax": sum(tax["amount"] for tax in taxes) if taxes else None,
        "total_tax_amounts": [_tax(tax) for tax in taxes],
    }
    return {**kept, **older, "lines": lines}


def _line(box: Sandbox, line: Shown) -> Shown:
    parent = line.get("parent") or {}
    details = parent.get(parent.get("type", ""), {}) or {}
    priced = ((line.get("pricing") or {}).get("price_details") or {}).get("price")
    price = box.store.get("price", priced) if isinstance(priced, str) else None
    kept = {key: value for key, value in line.items() if key not in ("parent", "pricing", "taxes")}
    return {
        **kept,
        "type": "subscription" if parent.get("type") == "subscription_item_details" else "invoiceitem",
        "proration": bool(details.get("proration")),
        "subscription_item": details.get("subscription_item"),
        "price": box.render(price) if price else None,
        "tax_amounts": [_tax(tax) for tax in line.get("taxes") or []],
    }


def _tax(tax: Shown) -> Shown:
    rate = (tax.get("tax_rate_details") or {}).get("tax_rate")
    return {"amount": tax["amount"], "inclusive": tax["tax_behavior"] == "inclusive", "tax_rate": rate}


def _with_coupon(place: str) -> Callable[[Sandbox, Shown], Shown]:
    """A coupon that stood whole in the object itself."""

    def change(box: Sandbox, shown: Shown) -> Shown:
        coupon = box.store.get("coupon", str((shown.get(place) or {}).get("coupon")))
        kept = {key: value for key, value in shown.items() if key != place}
        return {**kept, "coupon": box.render(coupon) if coupon else None}

    return change


PERIOD = ("current_period_start", "current_period_end")
CHANGES: list[tuple[str, str, Callable[[Sandbox, Shown], Shown]]] = [
    (BASIL, "subscription", _subscription),
    (BASIL, "invoice", _invoice),
    (CLOVER, "discount", _with_coupon("source")),
    (CLOVER, "promotion_code", _with_coupon("promotion")),
]
"""Before which date which type looked how."""
OF_PREVIOUS = {_subscription: _previous_subscription}
