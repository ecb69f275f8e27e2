"""Invoice items."""

from typing import Any

from sandbox.billing.invoices import invoice_items
from sandbox.crud import deleted, serve_retrieve
from sandbox.listing import RANGES, serve_list
from sandbox.routing import Call, Plain, operation
from sandbox.store import Record


@operation("POST /v1/invoiceitems")
def create(call: Call) -> Record:
    return invoice_items.create(call.box, call.params)


@operation("POST /v1/invoiceitems/{invoiceitem}")
def update(call: Call) -> Record:
    """No event tells of it: there is none for invoice items that change."""
    item = call.store.need("invoiceitem", call.id)
    invoice_items.change(call.box, item, call.params)
    return item


@operation("DELETE /v1/invoiceitems/{invoiceitem}")
def delete(call: Call) -> Plain:
    item = call.store.need("invoiceitem", call.id)
    invoice_items.delete(call.box, item)
    return Plain(deleted(item))


def _is_pending(item: Record, pending: bool) -> bool:
    return bool((item["invoice"] is None) == pending)


def _was_created(item: Record, wanted: int | dict[str, Any]) -> bool:
    bounds = wanted if isinstance(wanted, dict) else {"gte": wanted, "lte": wanted}
    return all(RANGES[bound](item["date"], limit) for bound, limit in bounds.items())


serve_retrieve("GET /v1/invoiceitems/{invoiceitem}", "invoiceitem")
serve_list("GET /v1/invoiceitems", "invoiceitem", pending=_is_pending, created=_was_created)
