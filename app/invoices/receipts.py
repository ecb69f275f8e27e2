"""The mail that follows a payment, once per invoice."""

from collections.abc import Sequence
from typing import Any

from app.core import i18n, tasks
from app.core.pages import public_url
from app.organizations import service as organizations
from app.organizations.models import Organization

from . import wording
from .models import Invoice, InvoiceLine

LINES = 20
"""A mail names so many; the page behind its link has them all."""


def send(invoice: Invoice, organization: Organization, lines: Sequence[InvoiceLine]) -> None:
    """Record the receipt of a paid invoice in the caller's transaction. `lines` may hold one more than fit."""
    with i18n.using(organization.locale, organization.timezone):
        context = _context(invoice, organization, lines)
    mail = {"template": "receipt", "to": organizations.invoice_emails(organization), "context": context}
    tasks.record("send_mail", f"receipt:{invoice.public_id}", mail, queue="mail")


def _context(invoice: Invoice, organization: Organization, lines: Sequence[InvoiceLine]) -> dict[str, Any]:
    card = next((wording.card(p["brand"], p["last4"]) for p in reversed(invoice.payments) if p["brand"]), "")
    return {
        "organization": organization.name,
        "number": invoice.number,
        "amount": i18n.money(invoice.paid),
        "paid_on": i18n.day(invoice.paid_at or invoice.issued_at),
        "card": card,
        "lines": [named(line) for line in lines[:LINES]],
        "has_more_lines": len(lines) > LINES,
        "total": i18n.money(invoice.total),
        "invoice_url": public_url("invoices.show", number=invoice.number),
    }


def named(line: InvoiceLine) -> dict[str, str]:
    """A line as a mail writes it."""
    period = i18n.period(line.period_start, line.period_end)
    return {"description": line.description, "period": period, "amount": i18n.money(line.total)}
