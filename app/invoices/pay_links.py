"""The link in a mail that pays one invoice, for somebody who is not signed in; and the mail that carries it.

It is signed, not stored: what it is good for ends with the invoice, and after `LIFE`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer
from sqlalchemy import select

from app.auth import tokens
from app.core import clock, i18n, tasks
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.pages import public_url
from app.organizations import service as organizations
from app.organizations.models import Organization

from . import receipts
from .models import Invoice, InvoiceLine, InvoiceStatus
from .standing import FIRST, RENEWALS, UPDATE

LIFE = timedelta(days=7)
ON_SESSION = timedelta(minutes=15)
"""How long somebody who set out to pay is taken to be still at it."""

ASKED_ELSEWHERE = {FIRST, UPDATE, *RENEWALS}
"""Stripe's reasons of invoices that are paid in the page where they arise, or asked for by who follows failed renewals."""


class LinkGone(PortalError):
    """Expired, changed or made for something else; `number` of the invoice where the link once was good."""

    status = 410
    code = "payment_link_gone"

    def __init__(self, number: str | None = None) -> None:
        super().__init__(_("This payment link has expired. Sign in to pay the invoice."))
        self.number = number


def token(invoice: Invoice) -> str:
    return str(_signer().dumps(invoice.public_id))


def find(link: str) -> tuple[Invoice, Organization]:
    """The one invoice a link is for, and who owes it. Raises LinkGone."""
    try:
        public_id = _signer().loads(link, max_age=int(LIFE.total_seconds()))
    except SignatureExpired as expired:
        found = _by_public_id(_signer().load_payload(expired.payload or b""))
        raise LinkGone(found[0].number if found else None) from expired
    except (BadData, ValueError) as error:
        raise LinkGone() from error
    found = _by_public_id(public_id)
    if found is None:
        raise LinkGone()
    return found


def _by_public_id(public_id: object) -> tuple[Invoice, Organization] | None:
    both = select(Invoice, Organization).join(Organization, Organization.id == Invoice.organization_id)
    row = db.session.execute(both.where(Invoice.public_id == str(public_id))).first()
    return (row[0], row[1]) if row else None


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(tokens.signing_keys(), salt="pay-invoice")


def ask_to_confirm(invoice: Invoice, organization: Organization, lines: Sequence[InvoiceLine]) -> None:
    """The bank waits for the owner of the card, who is not here: one mail per attempt to collect the invoice."""
    is_here = invoice.tried_at is not None and clock.wall() - invoice.tried_at < ON_SESSION
    if is_here or invoice.billing_reason in ASKED_ELSEWHERE:
        return
    send_request(invoice, organization, lines, str(invoice.attempt_count), invoice.next_payment_attempt_at)


def send_request(
    invoice: Invoice,
    organization: Organization,
    lines: Sequence[InvoiceLine],
    occasion: str,
    next_attempt_at: datetime | None,
    access_ends_at: datetime | None = None,
) -> None:
    """Record the mail with the link to confirm by, once per `occasion`."""
    with i18n.using(organization.locale, organization.timezone):
        context = _context(invoice, organization, lines, next_attempt_at, access_ends_at)
    mail = {
        "template": "payment_action_required",
        "to": organizations.billing_emails(organization),
        "context": context,
        "about": invoice.public_id,
        "stale_at": (clock.now() + LIFE).isoformat(),
    }
    tasks.record("send_mail", f"confirm:{invoice.public_id}:{occasion}", mail, queue="mail")


def is_settled(public_id: str) -> bool:
    """Nobody needs to be asked for this invoice any more: it is paid, void, or gone."""
    status = db.session.scalar(select(Invoice.status).where(Invoice.public_id == public_id))
    return status != InvoiceStatus.OPEN


def _context(
    invoice: Invoice,
    organization: Organization,
    lines: Sequence[InvoiceLine],
    again: datetime | None,
    ends: datetime | None,
) -> dict[str, Any]:
    return {
        "organization": organization.name,
        "number": invoice.number,
        "amount": i18n.money(invoice.remaining),
        "lines": [receipts.named(line) for line in lines],
        "next_attempt": i18n.moment(again) if again else None,
        "access_until": i18n.moment(ends) if ends else None,
        "days": LIFE.days,
        "pay_url": public_url("pay.link", link=token(invoice)),
    }
