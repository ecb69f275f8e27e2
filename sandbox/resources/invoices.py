"""Invoices. Simplifications: none is made by hand, lines are not edited, credit notes and e-mail are not played."""

from sandbox.billing import (
    automatic_tax,
    collection,
    invoice_outcomes,
    invoice_payments,
    invoices,
    methods,
    previews,
    standing,
)
from sandbox.crud import changed_fields, refuse, refuse_others, serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import cut, serve_list
from sandbox.routing import Call, Page, Plain, operation
from sandbox.store import Record

EDITABLE = ("auto_advance", "default_payment_method", "description", "footer", "custom_fields", "metadata")


@operation("POST /v1/invoices/create_preview")
def create_preview(call: Call) -> Plain:
    return Plain(previews.preview(call.box, call.params, call.expand))


@operation("POST /v1/invoices/{invoice}")
def update(call: Call) -> Record:
    refuse_others(call.params, EDITABLE)
    invoice = call.store.need("invoice", call.id)
    with call.box.events.updating(invoice):
        call.store.update(invoice, **changed_fields(call.params, invoice, EDITABLE[:-1]))
        if call.get("auto_advance") is False:
            call.store.update(invoice, next_payment_attempt=None, automatically_finalizes_at=None)
        elif call.get("auto_advance") and invoice["status"] == "draft":
            at = call.box.clock.now() + invoices.DRAFT_FOR
            call.store.update(invoice, automatically_finalizes_at=invoice["automatically_finalizes_at"] or at)
    return invoice


@operation("POST /v1/invoices/{invoice}/finalize")
def finalize(call: Call) -> Record:
    invoice = call.store.need("invoice", call.id)
    invoice_outcomes.need_status(invoice, "draft")
    if "auto_advance" in call.params:
        call.store.update(invoice, auto_advance=call.params["auto_advance"])
    _finalize(call, invoice)
    return invoice


@operation("POST /v1/invoices/{invoice}/pay")
def pay(call: Call) -> Record:
    """Off session unless said otherwise; a refusal is a 402, and stays recorded."""
    refuse(call.params, ("mandate", "source", "forgive"))
    invoice = call.store.need("invoice", call.id)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    invoice_outcomes.need_status(invoice, "open", "uncollectible", "draft")
    if invoice["status"] == "draft":
        _finalize(call, invoice)
    if invoice["status"] != "paid":
        _pay(call, invoice)
    return invoice


def _finalize(call: Call, invoice: Record) -> None:
    invoices.finalize(call.box, invoice)
    if invoice["status"] == "draft":
        raise automatic_tax.unknown_location(keep=True)
    collection.settle_free(call.box, invoice)


def _pay(call: Call, invoice: Record) -> None:
    if call.get("paid_out_of_band"):
        invoice_payments.cancel_payment(call.box, invoice, "automatic")
        invoice_outcomes.mark_paid(call.box, invoice, amount_paid_off_stripe=invoice["amount_due"])
        standing.paid(call.box, invoice, None)
        return
    method = methods.find(call.box, call.params["payment_method"]) if call.get("payment_method") else None
    problem = collection.pay(call.box, invoice, method, off_session=call.get("off_session", True))
    if problem:
        raise problem


@operation("POST /v1/invoices/{invoice}/void")
def void(call: Call) -> Record:
    invoice = call.store.need("invoice", call.id)
    invoice_outcomes.need_status(invoice, "open", "uncollectible")
    invoice_outcomes.void(call.box, invoice)
    return invoice


@operation("POST /v1/invoices/{invoice}/mark_uncollectible")
def mark_uncollectible(call: Call) -> Record:
    invoice = call.store.need("invoice", call.id)
    invoice_outcomes.need_status(invoice, "open")
    invoice_outcomes.mark_uncollectible(call.box, invoice)
    standing.paid(call.box, invoice, None)
    return invoice


@operation("GET /v1/invoices/{invoice}/lines")
def list_lines(call: Call) -> Page:
    invoice = call.store.need("invoice", call.id)
    return cut(call, [call.store.need("line_item", id) for id in invoice["lines"]])


def _is_of(invoice: Record, subscription: str) -> bool:
    return bool(invoice["_subscription"] == subscription)


serve_retrieve("GET /v1/invoices/{invoice}", "invoice")
serve_list("GET /v1/invoices", "invoice", subscription=_is_of)
