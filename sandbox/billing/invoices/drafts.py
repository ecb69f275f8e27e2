"""The lines of a draft, and the sums they make: put in, taken out, worked out anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import invoice_outcomes, lines, totals
from sandbox.billing.invoices.totals import Taxation
from sandbox.billing.taxes import automatic_tax
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

WORKED_OUT = ("discount_amounts", "discounts", "pretax_credit_amounts", "taxes")
"""What a line gets from the invoice around it."""
OWN = ("id", "object", "invoice", *WORKED_OUT)
"""What a line keeps when the invoice item behind it changes."""


def store(box: Sandbox, invoice: Record, drawn: list[Record]) -> Record:
    """Store a new draft with its lines."""
    invoice |= _sums(box, invoice, drawn)
    _take_up(box, invoice, drawn)
    return box.store.add(invoice)


@contextmanager
def editing(box: Sandbox, invoice: Record) -> Iterator[None]:
    """A block that changes what a draft is made of: afterwards its sums are right again, and that is told.

    Any other invoice is refused with ``invoice_not_editable``.
    """
    invoice_outcomes.need_draft(invoice)
    with box.events.updating(invoice):
        yield
        recalculate(box, invoice)


def lines_of(box: Sandbox, invoice: Record) -> list[Record]:
    """The lines of an invoice, in their order."""
    return [box.store.need("line_item", id) for id in invoice["lines"]]


def line_of(box: Sandbox, item: Record) -> Record:
    """The line that shows an invoice item."""
    invoice = box.store.need("invoice", item["invoice"])
    return next(line for line in lines_of(box, invoice) if line["_invoice_item"] == item["id"])


def show(box: Sandbox, invoice: Record, items: list[Record]) -> None:
    """Let a draft take up invoice items as its last lines; for use while :func:`editing`."""
    drawn = [lines.for_invoice_item(box, item) for item in items]
    _take_up(box, invoice, drawn)
    box.store.update(invoice, lines=[*invoice["lines"], *(line["id"] for line in drawn)])


def show_again(box: Sandbox, item: Record) -> None:
    """Bring the line of an invoice item that changed up to date; for use while :func:`editing`."""
    after = lines.for_invoice_item(box, item)
    box.store.update(line_of(box, item), **{name: value for name, value in after.items() if name not in OWN})


def drop(box: Sandbox, invoice: Record, gone: list[Record]) -> None:
    """Take lines off a draft; for use while :func:`editing`."""
    ids = {line["id"] for line in gone}
    box.store.update(invoice, lines=[id for id in invoice["lines"] if id not in ids])
    for line in gone:
        box.store.remove(line)


def recalculate(box: Sandbox, invoice: Record) -> None:
    """Work out the discounts, taxes and sums of a draft anew."""
    stored = lines_of(box, invoice)
    drawn = [{**line, "discount_amounts": [], "taxes": []} for line in stored]
    sums = _sums(box, invoice, drawn)
    for before, after in zip(stored, drawn, strict=True):
        changed = {name: after[name] for name in WORKED_OUT if after[name] != before[name]}
        if changed:
            box.store.update(before, **changed)
    box.store.update(invoice, **sums)


def _take_up(box: Sandbox, invoice: Record, drawn: list[Record]) -> None:
    for line in drawn:
        line["invoice"] = invoice["id"]
        box.store.add(line)
        if line["_invoice_item"]:
            box.store.update(box.store.need("invoiceitem", line["_invoice_item"]), invoice=invoice["id"])


def _sums(box: Sandbox, invoice: Record, drawn: list[Record]) -> dict[str, Any]:
    """What its lines make of a draft."""
    customer = box.store.need("customer", invoice["customer"])
    tax = invoice["automatic_tax"]
    taxation = Taxation.of(box, customer, invoice["default_tax_rates"], automatic=tax["enabled"])
    sums = totals.apply(box, drawn, invoice["discounts"], taxation)
    status = automatic_tax.status(box, customer) if tax["enabled"] else None
    return {**sums, **totals.settle(sums["total"], customer["balance"]), "automatic_tax": {**tax, "status": status}}
