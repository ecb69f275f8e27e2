"""The stored PDF of an invoice as an answer to a browser."""

from pathlib import Path

from flask import Response, send_file

from .models import Invoice


def of(invoice: Invoice, path: Path) -> Response:
    """The file, to be kept; a browser that opens it all the same lets it do nothing."""
    name = f"Invoice-{invoice.number}.pdf"
    response = send_file(path, mimetype="application/pdf", as_attachment=True, download_name=name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
