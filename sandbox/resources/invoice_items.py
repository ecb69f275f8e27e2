"""Pending and invoiced items, to read. Simplification: prorations are the only ones, none is made by hand."""

from sandbox.crud import serve_retrieve
from sandbox.listing import serve_list
from sandbox.store import Record


def _is_pending(item: Record, pending: bool) -> bool:
    return bool((item["invoice"] is None) == pending)


serve_retrieve("GET /v1/invoiceitems/{invoiceitem}", "invoiceitem")
serve_list("GET /v1/invoiceitems", "invoiceitem", pending=_is_pending)
