"""Invoices. Simplifications: e-mail is not sent; ``forgive`` changes nothing, as a card never has only a part of the money."""

from sandbox.billing.invoices import delinquency, invoice_editing, invoice_outcomes, invoice_payments, invoices
from sandbox.billing.payments import collection, methods
from sandbox.billing.previews import previews
from sandbox.billing.subscriptions import standing
from sandbox.billing.taxes import automatic_tax
from sandbox.crud import deleted, refuse, serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.routing import Call, Plain, operation
from sandbox.store import Record


@operation("POST /v1/invoices/create_preview")
def create_preview(call: Call) -> Plain:
    return Plain(previews.preview(call.box, call.params, call.expand))


@operation("POST /v1/invoices")
def create(call: Call) -> Record:
    return invoice_editing.create(call.box, call.params)


@operation("POST /v1/invoices/{invoice}")
def update(call: Call) -> Record:
    invoice = call.store.need("invoice", call.id)
    invoice_editing.update(call.box, invoice, call.params)
    return invoice


@operation("DELETE /v1/invoices/{invoice}")
def delete(call: Call) -> Plain:
    invoice = call.store.need("invoice", call.id)
    invoice_editing.delete(call.box, invoice)
    return Plain(deleted(invoice))


@operation("POST /v1/invoices/{invoice}/finalize")
def finalize(call: Call) -> Record:
    """An invoice that goes on by itself is charged an hour later."""
    invoice = call.store.need("invoice", call.id)
    invoice_outcomes.need_status(invoice, "draft")
    if "auto_advance" in call.params:
        call.store.update(invoice, auto_advance=call.params["auto_advance"])
    _finalize(call, invoice)
    collection.plan_first_attempt(call.box, invoice)
    return invoice


@operation("POST /v1/invoices/{invoice}/send")
def send(call: Call) -> Record:
    """No e-mail leaves the sandbox, the event is all."""
    invoice = call.store.need("invoice", call.id)
    if invoice["collection_method"] != "send_invoice":
        raise invalid("You can only manually send an invoice if its collection method is 'send_invoice'.")
    invoice_outcomes.need_status(invoice, "draft", "open", "paid", "uncollectible")
    if invoice["status"] == "draft":
        _finalize(call, invoice)
    call.box.events.record("invoice.sent", invoice)
    return invoice


@operation("POST /v1/invoices/{invoice}/pay")
def pay(call: Call) -> Record:
    """Off session unless said otherwise; a refusal is a 402, and stays recorded."""
    refuse(call.params, ("mandate", "source"))
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
        invoice_outcomes.mark_paid(call.box, invoice, off_stripe=invoice["amount_remaining"])
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
    if invoice["amount_paid"]:
        raise invalid("You cannot void an invoice that has been paid in part.")
    invoice_outcomes.void(call.box, invoice)
    delinquency.note(call.box, invoice, is_behind=False)
    standing.voided(call.box, invoice)
    return invoice


@operation("POST /v1/invoices/{invoice}/mark_uncollectible")
def mark_uncollectible(call: Call) -> Record:
    invoice = call.store.need("invoice", call.id)
    invoice_outcomes.need_status(invoice, "open")
    invoice_outcomes.mark_uncollectible(call.box, invoice)
    delinquency.note(call.box, invoice, is_behind=False)
    standing.given_up(call.box, invoice)
    return invoice


def _is_of(invoice: Record, subscription: str) -> bool:
    return bool(invoice["_subscription"] == subscription)


serve_retrieve("GET /v1/invoices/{invoice}", "invoice")
serve_list("GET /v1/invoices", "invoice", subscription=_is_of)
