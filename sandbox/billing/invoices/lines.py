"""Invoice lines, before discounts and taxes: a period of an item, a trial, a pending invoice item.

A line of a tiered price is drawn as one and becomes one per tier, and per flat amount, on its invoice: :func:`split`.
Assumption: line descriptions.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.billing.catalog import pricing
from sandbox.billing.catalog.price_amounts import in_currency
from sandbox.billing.catalog.shares import allocate
from sandbox.billing.usage import usage
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def for_period(box: Sandbox, item: Record, start: int, end: int) -> Record:
    """One period of a licensed item at its full price."""
    price, product = priced(box, item)
    quantity = item["quantity"]
    line = _blank(box, price["currency"], pricing.amount(price, quantity), start, end)
    return {**line, **_of_item(item, price, quantity), **_described(price, product, quantity)}


def for_usage(box: Sandbox, item: Record, start: int, end: int) -> Record:
    """What a metered item's meter counted in a period that is over, or so far; never less than nothing."""
    price, product = priced(box, item)
    subscription = box.store.need("subscription", item["subscription"])
    quantity = usage.billable(box, price, subscription["customer"], start, end)
    line = _blank(box, price["currency"], pricing.amount(price, quantity), start, end)
    return {
        **line,
        **_of_item(item, price, quantity),
        **_described(price, product, quantity),
        "_usage": True,
    }


def for_trial(box: Sandbox, item: Record, start: int, end: int) -> Record:
    """A free period."""
    price, product = priced(box, item)
    line = _blank(box, price["currency"], 0, start, end)
    return {**line, **_of_item(item, price, item["quantity"]), "description": f"Trial period for {product['name']}"}


def for_invoice_item(box: Sandbox, pending: Record) -> Record:
    """A pending invoice item that an invoice takes up."""
    line = _blank(box, pending["currency"], pending["amount"], pending["period"]["start"], pending["period"]["end"])
    return {
        **line,
        "description": pending["description"],
        "discountable": pending["discountable"],
        "metadata": pending["metadata"],
        "parent": _parent_of_pending(pending),
        "pricing": pending["pricing"],
        "quantity": pending["quantity"],
        "quantity_decimal": pending["quantity_decimal"],
        "subscription": pending["_subscription"],
        "_discounts": pending["discounts"],
        "_tax_rates": pending["tax_rates"] or [],
        "_invoice_item": pending["id"],
        "_reverses": pending.get("_reverses"),
    }


def split(lines: list[Record]) -> list[Record]:
    """The same lines with those of tiered prices taken apart; the parts of each add up to it, prorated or not."""
    return [part for line in lines for part in _split(line)]


def priced(box: Sandbox, item: Record, currency: str | None = None) -> tuple[Record, Record]:
    """The price of a subscription item, in the currency of its subscription unless given, and its product."""
    price = box.store.need("price", item["price"])
    currency = currency or box.store.need("subscription", item["subscription"])["currency"]
    return in_currency(price, currency), box.store.need("product", price["product"])


def details(price: Record) -> dict[str, Any]:
    """``pricing`` of a line or an invoice item."""
    return {
        "type": "price_details",
        "price_details": {"price": price["id"], "product": price["product"]},
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def day(instant: int) -> str:
    """``20 Nov 2026``."""
    return datetime.fromtimestamp(instant, UTC).strftime("%d %b %Y")


def _described(price: Record, product: Record, quantity: int | Decimal) -> dict[str, Any]:
    parts = pricing.parts(price, product, quantity) if price["billing_scheme"] == "tiered" else []
    return {"description": pricing.describe(price, product, quantity), "_parts": parts}


def _split(line: Record) -> list[Record]:
    parts = line.pop("_parts", None) or []
    if not parts:
        return [line]
    amounts = allocate(line["amount"], {str(place): part.amount for place, part in enumerate(parts)})
    return [
        {
            **line,
            "id": new_id("il"),
            "amount": amounts[str(place)],
            "subtotal": amounts[str(place)],
            "description": part.label,
            "pricing": {**line["pricing"], "unit_amount_decimal": f"{part.unit.normalize():f}"},
            "quantity": int(part.quantity),
            "quantity_decimal": f"{Decimal(part.quantity):f}",
        }
        for place, part in enumerate(parts)
    ]


def _blank(box: Sandbox, currency: str, amount: int, start: int, end: int) -> Record:
    return {
        **box.contract.blank("line_item"),
        "id": new_id("il"),
        "amount": amount,
        "currency": currency,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "metadata": {},
        "period": {"start": start, "end": end},
        "pretax_credit_amounts": [],
        "subtotal": amount,
        "taxes": [],
        "_discounts": [],
        "_tax_rates": [],
        "_invoice_item": None,
        "_reverses": None,
        "_usage": False,
    }


def _of_item(item: Record, price: Record, quantity: int | Decimal) -> dict[str, Any]:
    parent = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": item["subscription"],
        "subscription_item": item["id"],
    }
    return {
        "metadata": item["metadata"],
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": parent,
            "invoice_item_details": None,
        },
        "pricing": details(price),
        "quantity": int(quantity),
        "quantity_decimal": f"{Decimal(quantity):f}",
        "subscription": item["subscription"],
        "_discounts": item.get("discounts", []),
        "_tax_rates": item["tax_rates"],
    }


def _parent_of_pending(pending: Record) -> dict[str, Any]:
    credited = (pending["proration_details"] or {}).get("credited_items")
    common = {
        "invoice_item": pending["id"],
        "proration": pending["proration"],
        "proration_details": {"credited_items": credited and credited["invoice_line_item_details"]},
        "subscription": pending["_subscription"],
    }
    details = (pending["parent"] or {}).get("subscription_details") or {}
    if details.get("subscription_item"):
        inner = {**common, "subscription_item": details["subscription_item"]}
        return {"type": "subscription_item_details", "subscription_item_details": inner, "invoice_item_details": None}
    return {"type": "invoice_item_details", "invoice_item_details": common, "subscription_item_details": None}
