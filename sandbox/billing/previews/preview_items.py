"""Invoice items of a preview: new ones, pending ones that are changed, and a preview that has nothing else.

Everything here is written to be undone with the preview. Assumption: a preview without a subscription shows what an invoice
made by hand would, with all that is pending.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import invoice_editing, invoice_items
from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def put(box: Sandbox, params: dict[str, Any], customer: Record, subscription: Record | None = None) -> None:
    """Make and change the items that ``invoice_items`` asks for."""
    for given in params.get("invoice_items") or []:
        wish = {**given, **_by_their_other_names(given)}
        for name in ("price", "unit_amount", "invoiceitem"):
            wish.pop(name, None)
        if "invoiceitem" not in given:
            currency = {"currency": params["currency"]} if "currency" in params else {}
            invoice_items.add(box, {**currency, **wish}, customer, subscription)
            continue
        item = box.store.need("invoiceitem", given["invoiceitem"], "invoice_items[invoiceitem]")
        if item["customer"] != customer["id"] or item["invoice"]:
            raise invalid(
                "The invoice item is not one that is pending for this customer.", "invoice_items[invoiceitem]"
            )
        invoice_items.alter(box, item, wish)


def alone(box: Sandbox, params: dict[str, Any], customer: Record) -> Record:
    """The draft of what is pending; a 400 when nothing is."""
    kept: dict[str, Any] = {name: params[name] for name in ("automatic_tax", "currency", "discounts") if name in params}
    wish = {**kept, "customer": customer["id"], "pending_invoice_items_behavior": "include"}
    invoice = invoice_editing.create(box, wish)
    if not invoice["lines"]:
        raise invalid(f"No upcoming invoices for customer: {customer['id']}", code="invoice_upcoming_none")
    return invoice


def _by_their_other_names(given: dict[str, Any]) -> dict[str, Any]:
    """What an item of a preview calls otherwise than an invoice item."""
    renamed: dict[str, Any] = {}
    if "price" in given:
        renamed["pricing"] = {"price": given["price"]}
    if "unit_amount" in given:
        renamed["unit_amount_decimal"] = str(given["unit_amount"])
    return renamed
