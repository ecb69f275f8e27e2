"""What the customer is told by mail about a payment; each sentence once, by its key."""

from sqlalchemy import select

from app.core import i18n, tasks
from app.core.extensions import db
from app.core.pages import public_url
from app.organizations import service as organizations
from app.organizations.models import Organization

from .models import Attempt, Payment, Refund


def refunded(organization: Organization, payment: Payment, refund: Refund) -> None:
    """Record the mail about money on its way back, in the caller's transaction."""
    paid = select(Attempt).where(Attempt.payment_id == payment.id, Attempt.status == "succeeded")
    card = db.session.scalars(paid.order_by(Attempt.made_at.desc()).limit(1)).first()
    with i18n.using(organization.locale, organization.timezone):
        context = {
            "organization": organization.name,
            "amount": i18n.money(refund.total),
            "paid": i18n.money(payment.total),
            "brand": card.brand if card else "",
            "last4": card.last4 if card else "",
            "number": payment.reference if payment.is_of_invoice else "",
            "payments_url": public_url("payments.index"),
        }
    mail = {"template": "refunded", "to": organizations.invoice_emails(organization), "context": context}
    tasks.record("send_mail", f"refunded:{refund.public_id}", mail, queue="mail")
