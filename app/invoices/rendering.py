"""Making the stored PDF, in the background: only a worker imports this, so only a worker needs WeasyPrint's libraries."""

import os
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from flask import current_app
from sqlalchemy import Update, update

from app.core import clock, tasks
from app.core.extensions import db
from app.core.failpoints import failpoint
from app.core.logs import log
from app.core.transactions import apart, release
from app.organizations.models import Organization

from . import pdf
from .document import InvoiceDocument
from .models import Invoice, InvoiceLine, PdfState
from .printing import directory, stored


def make(invoice_id: int, request: int) -> None:
    """Render and store, unless a later request is on its way. On failure the page says so, and the task is retried.

    Raises tasks.Away when there is no room for the PDF, or no place.
    """
    invoice = db.session.get(Invoice, invoice_id)
    if invoice is None or invoice.pdf_request != request or stored(invoice) is not None:
        return
    try:
        name = _make(invoice, request)
    except Exception as error:
        log.error("invoice PDF failed", invoice=invoice.public_id, error=type(error).__name__, reason=_reason(error))
        with apart() as session:
            session.execute(_outcome(invoice_id, request, PdfState.FAILED))
        raise
    former = invoice.pdf_path
    db.session.execute(_outcome(invoice_id, request, PdfState.READY, name, clock.wall()))
    if former and former != name:
        (directory() / former).unlink(missing_ok=True)


def _reason(error: Exception) -> str | None:
    """What the file system said. Other errors may tell what is on the invoice."""
    return str(error) if isinstance(error, tasks.Away) else None


def _outcome(
    invoice_id: int, request: int, outcome: PdfState, path: str | None = None, rendered_at: datetime | None = None
) -> Update:
    mine = update(Invoice).where(Invoice.id == invoice_id, Invoice.pdf_request == request)
    return mine.values(pdf_state=outcome, pdf_path=path, pdf_rendered_at=rendered_at)


def _make(invoice: Invoice, request: int) -> str:
    organization = db.session.get_one(Organization, invoice.organization_id)
    lines = list(db.session.scalars(InvoiceLine.of(invoice)))
    release()  # drawing takes a while, and needs nothing of the database
    document = InvoiceDocument.of(invoice, lines, organization, current_app.extensions["settings"])
    name = f"{invoice.issued_at:%Y-%m}/{invoice.public_id}-{request}.pdf"
    content = pdf.render(document)
    try:
        store(directory() / name, content)
    except OSError as error:
        raise tasks.Away(error.strerror) from error
    return name


def store(path: Path, content: bytes) -> None:
    """Whole or not at all: written beside its place, flushed to the disk, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as part:
        try:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
            failpoint("document_before_rename")
            os.rename(part.name, path)
        except Exception:
            os.unlink(part.name)
            raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
