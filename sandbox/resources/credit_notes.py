"""Credit notes. A preview is a note that is made, looked at and undone."""

from sandbox.billing.invoices import credit_notes
from sandbox.billing.previews.previews import undone
from sandbox.crud import serve_retrieve, serve_update
from sandbox.listing import CURSORS, cut, serve_list
from sandbox.routing import Call, Page, Plain, operation
from sandbox.store import Record

PREVIEWED_LINES = "/v1/credit_notes/preview/lines"


@operation("POST /v1/credit_notes")
def create(call: Call) -> Record:
    return credit_notes.create(call.box, call.params)


@operation("GET /v1/credit_notes/preview")
def preview(call: Call) -> Plain:
    with undone(call.box):
        shown = call.box.render(credit_notes.create(call.box, call.params), call.expand)
    return Plain({**shown, "lines": {**shown["lines"], "url": PREVIEWED_LINES}})


@operation("GET /v1/credit_notes/preview/lines")
def preview_lines(call: Call) -> Page:
    wish = {name: value for name, value in call.params.items() if name not in CURSORS}
    with undone(call.box):
        return cut(call, _lines(call, credit_notes.create(call.box, wish)))


@operation("GET /v1/credit_notes/{credit_note}/lines")
def list_lines(call: Call) -> Page:
    return cut(call, _lines(call, call.store.need("credit_note", call.id)))


@operation("POST /v1/credit_notes/{id}/void")
def void(call: Call) -> Record:
    note = call.store.need("credit_note", call.id)
    credit_notes.void(call.box, note)
    return note


def _lines(call: Call, note: Record) -> list[Record]:
    return [call.store.need("credit_note_line_item", id) for id in note["lines"]]


serve_retrieve("GET /v1/credit_notes/{id}", "credit_note")
serve_update("POST /v1/credit_notes/{id}", "credit_note", ("memo",))
serve_list("GET /v1/credit_notes", "credit_note")
