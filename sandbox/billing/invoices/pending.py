"""Pending invoice items: what the next invoice of a subscription takes up."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox import proration
from sandbox.billing.catalog import pricing
from sandbox.billing.invoices import lines
from sandbox.billing.subscriptions.items import Debit, Planned, usage_start
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def of(box: Sandbox, subscription: Record) -> list[Record]:
    """The items that wait for the next invoice of a subscription, or of any of its customer's, oldest first."""
    owners, currency = (None, subscription["id"]), subscription["currency"]
    found = box.store.of("invoiceitem", "customer", subscription["customer"])
    return [
        one
        for one in found
        if one["invoice"] is None and one["_subscription"] in owners and one["currency"] == currency
    ]


def drawn(box: Sandbox, subscription: Record) -> list[Record]:
    """The same as new invoice lines."""
    return [lines.for_invoice_item(box, one) for one in of(box, subscription)]


def credit(box: Sandbox, subscription: Record, planned: Planned, at: int) -> list[Record]:
    """Give back the unused part of what was asked for an item's running period: one pending item per debit.

    The credit of a debit that is pending itself will share its discounts, for both will be on one invoice.
    """
    price, product = lines.priced(box, planned, subscription["currency"])
    made = []
    for debit in planned["debits"]:
        amount = proration.credit(debit["amount"], at, debit["start"], debit["end"])
        if amount:
            text = f"Unused time on {_named(planned, product)} after {lines.day(at)}"
            period = {"start": max(at, debit["start"]), "end": debit["end"]}
            fields = {"discountable": False, "proration_details": _credited(debit), "description": text}
            fields |= _as_discounted(box, debit)
            made.append(_add(box, subscription, planned, price, amount, period, fields))
    return made


def debit(box: Sandbox, subscription: Record, planned: Planned, at: int, until: int, whole: tuple[int, int]) -> Record:
    """Ask for an item from ``at`` until then: that part of its price for the ``whole`` period."""
    price, product = lines.priced(box, planned, subscription["currency"])
    amount = proration.share(pricing.amount(price, planned["quantity"]), at, until, *whole)
    fields = {"description": f"Remaining time on {_named(planned, product)} after {lines.day(at)}"}
    return _add(box, subscription, planned, price, amount, {"start": at, "end": until}, fields)


def usage(box: Sandbox, subscription: Record, item: Record, at: int) -> None:
    """A metered item goes, or gets another price: what its meter saw so far is billed with the next invoice."""
    start = usage_start(item)
    line = lines.for_usage(box, item, start, at)
    if line["amount"]:
        price, _ = lines.priced(box, item)
        period = {"start": start, "end": at}
        fields = {name: line[name] for name in ("description", "quantity", "quantity_decimal")} | {"proration": False}
        _add(box, subscription, {**item, "quantity": line["quantity"]}, price, line["amount"], period, fields)


def as_debit(pending: Record) -> Debit:
    """The debit in a pending item, for a later credit."""
    return {
        "amount": pending["amount"],
        **pending["period"],
        "invoice": None,
        "line": None,
        "item": pending["id"],
    }


def _add(
    box: Sandbox,
    subscription: Record,
    planned: Planned,
    price: Record,
    amount: int,
    period: dict[str, int],
    fields: dict[str, Any],
) -> Record:
    owner = {"subscription": subscription["id"], "subscription_item": planned["id"]}
    item = {
        **box.contract.blank("invoiceitem"),
        "id": new_id("ii"),
        "amount": amount,
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "date": box.clock.now(),
        "discountable": True,
        "discounts": planned["discounts"],
        "metadata": {},
        "net_amount": amount,
        "parent": {"type": "subscription_details", "subscription_details": owner},
        "period": period,
        "pricing": lines.details(price),
        "proration": True,
        "quantity": planned["quantity"],
        "quantity_decimal": str(Decimal(planned["quantity"])),
        "tax_rates": planned["tax_rates"],
        "_reverses": None,
        "_subscription": subscription["id"],
        **fields,
    }
    box.store.add(item)
    box.events.record("invoiceitem.created", item)
    return item


def _as_discounted(box: Sandbox, debit: Debit) -> dict[str, Any]:
    """What makes the credit of a pending debit get the discounts that the debit will get."""
    item = box.store.get("invoiceitem", debit["item"] or "")
    if debit["invoice"] is not None or item is None:
        return {}
    return {"discountable": item["discountable"], "discounts": item["discounts"], "_reverses": item["id"]}


def _named(planned: Planned, product: Record) -> str:
    """``3 × Pro``, or ``Pro`` alone if it is one."""
    return product["name"] if planned["quantity"] == 1 else f"{planned['quantity']} × {product['name']}"


def _credited(debit: Debit) -> dict[str, Any]:
    if debit["invoice"] is None:
        credited = {"type": "invoice_item", "invoice_item": debit["item"], "invoice_line_item_details": None}
    else:
        where = {"invoice": debit["invoice"], "invoice_line_items": [debit["line"]]}
        credited = {"type": "invoice_line_items", "invoice_item": None, "invoice_line_item_details": where}
    return {"credited_items": credited, "discount_amounts": []}
