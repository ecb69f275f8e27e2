"""Payments that no invoice asks for: prepared by us, confirmed in a browser or with a saved card."""

from dataclasses import dataclass, field

from flask_babel import gettext as _

from app.core import leases
from app.core.errors import PortalError
from app.core.money import Money
from app.gateway import payments as gateway
from app.gateway.errors import GatewayRefused, PaymentDeclined
from app.gateway.payments import PaymentRecord
from app.organizations import customer as customers
from app.organizations.models import Organization

from . import service
from .models import Payment, PaymentStatus

CONFIRMABLE = {
    PaymentStatus.REQUIRES_PAYMENT_METHOD,
    PaymentStatus.REQUIRES_CONFIRMATION,
    PaymentStatus.REQUIRES_ACTION,
}


class AmountNotAllowed(PortalError):
    """Nothing, less than the provider charges, or more."""

    status = 422
    code = "amount_not_allowed"

    def __init__(self) -> None:
        super().__init__(_("This amount cannot be paid by card. Nothing was charged; choose another one."))


@dataclass(frozen=True)
class Outcome:
    """How a payment stands; `sentence` is for the customer when it was refused.

    `client_secret` lets a browser go on with it: enter a card, or answer the bank. None once nothing is left to do.
    """

    payment: Payment
    sentence: str
    client_secret: str | None = field(repr=False)


def prepare(organization: Organization, amount: Money, purpose: str, reference: str, token: str) -> Outcome:
    """A payment of `amount`, for `confirm` or a browser to go on with. `token` is the form's one-use token.

    `purpose` is a word of ours such as `credits`, `reference` what it is about. Raises AmountNotAllowed, IntentMismatch.
    """
    if amount.amount <= 0:
        raise AmountNotAllowed()
    customer = organization.stripe_customer_id or customers.ensure(
        organization,
        name=organization.billing_name or organization.name,
        country=organization.country or "",
        email="",
        token=token,
    )
    labels = {"organization": organization.public_id, "purpose": purpose, "reference": reference}
    key = f"payment-prepare:{organization.public_id}:{token}"
    try:
        stripe_id = gateway.prepare(key, customer=customer, amount=amount, metadata=labels)
    except GatewayRefused as refusal:
        if refusal.param == "amount":
            raise AmountNotAllowed() from refusal
        raise
    return _absorbed(organization, gateway.retrieve(stripe_id), (purpose, reference))


def confirm(organization: Organization, payment: Payment, payment_method: str, token: str) -> Outcome:
    """Charge a saved card (Stripe's id) while the customer is there; a second press finds it paid. Raises Busy.

    What the bank refused is told by the outcome and not raised, because it is kept.
    """
    refusal = ""
    with leases.hold(service.lease(payment), service.LEASE_SECONDS):
        record = gateway.retrieve(payment.stripe_id)
        if record.status in CONFIRMABLE:
            refusal = _charge(f"payment-confirm:{payment.stripe_id}:{token}", payment.stripe_id, payment_method)
            record = gateway.retrieve(payment.stripe_id)
        outcome = _absorbed(organization, record, (payment.purpose, payment.reference))
    return Outcome(outcome.payment, refusal or outcome.sentence, outcome.client_secret)


def _charge(key: str, stripe_id: str, payment_method: str) -> str:
    """Why it was refused, "" when it was not."""
    try:
        gateway.confirm(key, stripe_id, payment_method)
    except PaymentDeclined as declined:
        return str(declined)
    except GatewayRefused:  # the card was removed in another tab, or is not the customer's
        return str(_("This card cannot be used any more. Choose another one."))
    return ""


def _absorbed(organization: Organization, record: PaymentRecord, subject: service.Subject) -> Outcome:
    payment = service.absorb(organization, record, subject)
    can_go_on = payment.status in CONFIRMABLE
    return Outcome(payment, (record.error or "") if can_go_on else "", record.client_secret if can_go_on else None)
