"""What an organization sees first, read in a few statements however much history there is."""

from dataclasses import dataclass

from app.audit import service as audit
from app.audit.models import Entry
from app.core.extensions import db
from app.invoices.models import Invoice
from app.organizations.models import Organization
from app.payment_methods.models import PaymentMethod

from .timeline import SENTENCES

INVOICES = 5
ENTRIES = 10


@dataclass(frozen=True)
class Overview:
    """`card` is the one the next charge goes to, as far as it is known."""

    card: PaymentMethod | None
    invoices: list[Invoice]
    timeline: list[Entry]


def of(organization: Organization, card: PaymentMethod | None) -> Overview:
    """What the home page shows beside the plan and its `card`, in two statements."""
    latest = Invoice.of(organization).order_by(Invoice.issued_at.desc(), Invoice.id.desc()).limit(INVOICES)
    return Overview(
        card=card,
        invoices=list(db.session.scalars(latest)),
        timeline=audit.timeline(organization.id, ENTRIES, SENTENCES),
    )
