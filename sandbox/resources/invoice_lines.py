"""The lines of an invoice."""

from sandbox.billing.invoices import drafts, invoice_lines
from sandbox.listing import cut
from sandbox.routing import Call, Page, operation
from sandbox.store import Record


@operation("GET /v1/invoices/{invoice}/lines")
def list_lines(call: Call) -> Page:
    return cut(call, drafts.lines_of(call.box, _invoice(call)))


@operation("POST /v1/invoices/{invoice}/lines/{line_item_id}")
def update(call: Call) -> Record:
    return invoice_lines.change_one(call.box, _invoice(call), call.ids["line_item_id"], call.params)


@operation("POST /v1/invoices/{invoice}/add_lines")
def add_lines(call: Call) -> Record:
    invoice = _invoice(call)
    invoice_lines.add(call.box, invoice, call.params)
    return invoice


@operation("POST /v1/invoices/{invoice}/update_lines")
def update_lines(call: Call) -> Record:
    invoice = _invoice(call)
    invoice_lines.change(call.box, invoice, call.params)
    return invoice


@operation("POST /v1/invoices/{invoice}/remove_lines")
def remove_lines(call: Call) -> Record:
    invoice = _invoice(call)
    invoice_lines.remove(call.box, invoice, call.params)
    return invoice


def _invoice(call: Call) -> Record:
    return call.store.need("invoice", call.ids["invoice"])
