"""Lines of a draft by hand: added, changed, removed.

Every line that is added has an invoice item behind it, and what changes on such a line changes on the item.
Assumptions: of a line that bills a subscription's item only texts, period and tax rates can be changed, and it
cannot be removed. Simplification: tax amounts that were worked out elsewhere are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import drafts, invoice_items
from sandbox.crud import changed_fields, merged, refuse
from sandbox.errors import ApiError, invalid, missing_resource
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

UNSUPPORTED = ("tax_amounts",)
FREE = ("description", "discountable", "metadata", "period", "tax_rates")
"""What can be changed about the line of a subscription's item."""


def add(box: Sandbox, invoice: Record, params: dict[str, Any]) -> None:
    """Apply ``add_lines``: new lines, or pending invoice items."""
    customer = box.store.need("customer", invoice["customer"])
    with drafts.editing(box, invoice):
        _set_metadata(box, invoice, params)
        added = []
        for index, given in enumerate(params["lines"]):
            with _about(f"lines[{index}]"):
                added.append(_item(box, invoice, customer, given))
        drafts.show(box, invoice, added)


def change(box: Sandbox, invoice: Record, params: dict[str, Any]) -> None:
    """Apply ``update_lines``."""
    with drafts.editing(box, invoice):
        _set_metadata(box, invoice, params)
        for index, given in enumerate(params["lines"]):
            line = _line(box, invoice, given["id"], f"lines[{index}][id]")
            with _about(f"lines[{index}]"):
                _alter(box, line, {name: value for name, value in given.items() if name != "id"})


def change_one(box: Sandbox, invoice: Record, id: str, params: dict[str, Any]) -> Record:
    """Apply ``POST …/lines/{line_item_id}``."""
    with drafts.editing(box, invoice):
        line = _line(box, invoice, id, "id")
        _alter(box, line, params)
    return line


def remove(box: Sandbox, invoice: Record, params: dict[str, Any]) -> None:
    """Apply ``remove_lines``: the invoice items behind them are deleted, or pending again."""
    with drafts.editing(box, invoice):
        _set_metadata(box, invoice, params)
        gone = [_line(box, invoice, given["id"], f"lines[{index}][id]") for index, given in enumerate(params["lines"])]
        drafts.drop(box, invoice, gone)
        for line, given in zip(gone, params["lines"], strict=True):
            if not line["_invoice_item"]:
                raise invalid(f"The line {line['id']} bills an item of a subscription; it cannot be removed.", "lines")
            item = box.store.need("invoiceitem", line["_invoice_item"])
            if given["behavior"] == "delete":
                invoice_items.discard(box, item)
            else:
                box.store.update(item, invoice=None)


@contextmanager
def _about(place: str) -> Iterator[None]:
    """What the block refuses is about a parameter in this place."""
    try:
        yield
    except ApiError as error:
        if "param" in error.error:
            name, bracket, rest = error.error["param"].partition("[")
            error.error["param"] = f"{place}[{name}]{bracket}{rest}"
        raise


def _item(box: Sandbox, invoice: Record, customer: Record, given: dict[str, Any]) -> Record:
    refuse(given, UNSUPPORTED)
    if "invoice_item" not in given:
        return invoice_items.add(box, {"currency": invoice["currency"], **given}, customer, None, invoice)
    item = box.store.need("invoiceitem", given["invoice_item"], "invoice_item")
    if item["customer"] != invoice["customer"] or item["currency"] != invoice["currency"]:
        raise invalid("The invoice item belongs to another customer, or is in another currency.", "invoice_item")
    if item["invoice"]:
        raise invalid("The invoice item is already on an invoice.", "invoice_item")
    invoice_items.alter(box, item, {name: value for name, value in given.items() if name != "invoice_item"})
    return item


def _line(box: Sandbox, invoice: Record, id: str, param: str) -> Record:
    if id not in invoice["lines"]:
        raise missing_resource("line_item", id, param)
    return box.store.need("line_item", id)


def _alter(box: Sandbox, line: Record, params: dict[str, Any]) -> None:
    refuse(params, UNSUPPORTED)
    if line["_invoice_item"]:
        item = box.store.need("invoiceitem", line["_invoice_item"])
        invoice_items.alter(box, item, params)
        drafts.show_again(box, item)
        return
    for name in params:
        if name not in FREE:
            raise invalid(f"You cannot change the {name} of a line that bills an item of a subscription.", name)
    changes = changed_fields(params, line, ("description", "discountable", "period"))
    if "tax_rates" in params:
        changes["_tax_rates"] = invoice_items.tax_rates(box, params["tax_rates"])
    box.store.update(line, **changes)


def _set_metadata(box: Sandbox, invoice: Record, params: dict[str, Any]) -> None:
    if "invoice_metadata" in params:
        box.store.update(invoice, metadata=merged(invoice["metadata"], params["invoice_metadata"]))
