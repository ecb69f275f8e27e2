"""Is our copy of an invoice what Stripe has? By the same values that `service.absorb` would write."""

from collections.abc import Sequence

from sqlalchemy import select

from app.core import drift
from app.core.drift import Drift
from app.core.extensions import db
from app.gateway.invoices import InvoiceRecord
from app.organizations.owners import owners

from . import mirror
from .models import Invoice

MINOR = {"hosted_invoice_url", "buyer", "attempt_count", "billing_reason"}


def compare(records: Sequence[InvoiceRecord]) -> list[Drift]:
    """What differs, of those whose customer is ours and which are no drafts. Two statements.

    Lines are not looked at: they are frozen, and written once. A card of a payment is whatever we have on record.
    """
    of = owners([record.customer for record in records])
    kept = [record for record in records if record.customer in of and record.number and record.status != "draft"]
    chosen = select(Invoice).where(Invoice.stripe_id.in_([record.stripe_id for record in kept]))
    rows = {row.stripe_id: row for row in db.session.scalars(chosen.execution_options(populate_existing=True))}
    found = [_compare(record, of[record.customer], rows.get(record.stripe_id)) for record in kept]
    return [each for each in found if each is not None]


def _compare(record: InvoiceRecord, owner: int, row: Invoice | None) -> Drift | None:
    cards = {payment["stripe_id"]: payment for payment in row.payments} if row else {}
    original = mirror.invoice_values(record, cards) | {"organization_id": owner}
    ours = {name: getattr(row, name) for name in original} if row else None
    return drift.between(record.stripe_id, owner, ours, original, MINOR)
