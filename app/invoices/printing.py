"""The stored PDF of an invoice: asked for when the invoice changes, served as a file; `rendering` makes it in between."""

from pathlib import Path

from flask import current_app

from app.core import tasks
from app.core.extensions import db

from .models import Invoice, PdfState


def ask(invoice: Invoice) -> None:
    """Have the PDF made, again if something printed has changed; an earlier request is thereby out of date."""
    invoice.pdf_state = PdfState.PENDING
    invoice.pdf_request += 1
    key = f"{invoice.public_id}:{invoice.pdf_request}"
    tasks.record("render_invoice", key, {"invoice_id": invoice.id, "request": invoice.pdf_request}, queue="documents")


def ask_again(invoice: Invoice) -> None:
    """After a failure, on a person's word; a second press while it is being made changes nothing."""
    db.session.refresh(invoice, with_for_update=True)
    if state(invoice) != PdfState.PENDING:
        ask(invoice)


def state(invoice: Invoice) -> PdfState:
    """What to offer: a PDF whose file is gone counts as failed, so that it can be made again."""
    if invoice.pdf_state == PdfState.READY and stored(invoice) is None:
        return PdfState.FAILED
    return PdfState(invoice.pdf_state)


def stored(invoice: Invoice) -> Path | None:
    """The finished file, or None while there is none."""
    if invoice.pdf_state != PdfState.READY or invoice.pdf_path is None:
        return None
    path = directory() / invoice.pdf_path
    return path if path.is_file() else None


def directory() -> Path:
    """Where the PDFs of invoices lie."""
    documents: Path = current_app.extensions["settings"].documents_dir
    return documents.resolve() / "invoices"
