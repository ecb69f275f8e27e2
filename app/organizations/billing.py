"""Who is billed, where to, and in which form: kept here, and at Stripe as soon as there is a customer.

Every deed holds one lease per organization, so that of two saved at once the later one wins, whole, on both sides.
"""

from dataclasses import asdict, dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from app.audit import service as audit
from app.core import leases
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.money import Money
from app.gateway import customers as gateway
from app.gateway.customers import ADDRESS, BillingRecord
from app.gateway.errors import GatewayRefused
from app.gateway.intents import IntentSpent

from .models import Organization

LEASE_SECONDS = 45
"""Longer than Stripe's slowest answers to what one deed asks."""

AT_STRIPE = ("billing_name", *ADDRESS, "purchase_order")
"""Columns whose truth is Stripe's, once there is a customer."""


class DetailsRefused(PortalError):
    """Stripe did not take one of the details; `field` names it. Nothing was changed."""

    status = 422
    code = "billing_details_refused"

    def __init__(self, field: str) -> None:
        super().__init__(
            {
                "country": _("The tax for this address cannot be worked out. Check country, state and postal code."),
                "purchase_order": _("This cannot be printed on your invoices. Shorten it, or ask us for help."),
            }.get(field, _("Our payment provider does not take this. Please check it."))
        )
        self.field = field


@dataclass(frozen=True)
class Details:
    """What the form says, "" for nothing. `country` is ISO 3166, `locale` such as `de_DE`, `timezone` an IANA name."""

    billing_name: str
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str
    purchase_order: str
    invoice_recipients: list[str]
    locale: str
    timezone: str


def lease(organization: Organization) -> str:
    """The name of the lease that every deed on these details holds."""
    return f"billing:{organization.public_id}"


def save(organization: Organization, details: Details, token: str) -> None:
    """Bill like this from the next invoice on; `token` is the form's one-use token.

    An organization without a customer at Stripe does not get one by this: its details are sent along when it buys.
    Raises DetailsRefused, IntentSpent for a form that was sent before and is out of date, Busy and GatewayUnavailable.
    """
    values: dict[str, Any] = {name: value or None for name, value in asdict(details).items()}
    values["invoice_recipients"] = details.invoice_recipients
    with leases.hold(lease(organization), LEASE_SECONDS):
        customer = db.session.scalar(select(Organization.stripe_customer_id).where(Organization.id == organization.id))
        if customer is not None:
            answer = columns(_send(f"billing-details:{organization.public_id}:{token}", customer, values))
            if any(values[name] != value for name, value in answer.items()):
                raise IntentSpent()
        _write(organization, values)


def _send(key: str, customer: str, values: dict[str, Any]) -> BillingRecord:
    address = {part: values[part] or "" for part in ADDRESS}
    name, order = values["billing_name"], values["purchase_order"] or ""
    try:
        return gateway.bill_to(key, customer, name=name, address=address, purchase_order=order)
    except GatewayRefused as error:
        raise DetailsRefused(_field(error)) from error


def _field(error: GatewayRefused) -> str:
    """The field of the form that Stripe's `param` speaks of."""
    param = error.param or ""
    if param.startswith("invoice_settings"):
        return "purchase_order"
    part = param.removeprefix("address[").removesuffix("]")
    if part in ADDRESS:
        return part
    return "country" if param.startswith(("address", "tax")) else "billing_name"


def columns(record: BillingRecord) -> dict[str, str | None]:
    """Stripe's answer as the values of AT_STRIPE."""
    address = {part: record.address[part] or None for part in ADDRESS}
    return {"billing_name": record.name or None, **address, "purchase_order": record.purchase_order or None}


def sync(customer: str) -> None:
    """Absorb what somebody changed at Stripe; nothing for a customer who is not ours, or no more."""
    organization = db.session.scalar(select(Organization).where(Organization.stripe_customer_id == customer))
    if organization is None:
        return
    with leases.hold(lease(organization), LEASE_SECONDS):
        record = gateway.billing(customer)
        if record is not None:
            _write(organization, columns(record))
            _note_credit(organization, record.credit)


def _note_credit(organization: Organization, credit: Money | None) -> None:
    if credit == organization.credit:
        return
    kept = credit or Money(0, str(organization.credit_currency))
    organization.credit_amount, organization.credit_currency = kept.amount, credit.currency if credit else None
    data = {"amount": kept.amount, "currency": kept.currency}
    audit.write("organization.credit_changed", organization.public_id, organization_id=organization.id, data=data)
    db.session.flush()


def changed(organization: Organization, *names: str) -> None:
    """Put on record which details changed, by their names alone: what they say is nobody's business later."""
    data = {"fields": sorted(names)}
    audit.write("organization.billing_changed", organization.public_id, organization_id=organization.id, data=data)


def _write(organization: Organization, values: dict[str, Any]) -> None:
    """Locked until the commit and read anew, so that the next deed sees all of this one or waits for it."""
    mine = select(Organization).where(Organization.id == organization.id).with_for_update()
    row = db.session.scalars(mine.execution_options(populate_existing=True)).one()
    names = [name for name, value in values.items() if getattr(row, name) != value]
    for name in names:
        setattr(row, name, values[name])
    if names:
        changed(row, *names)
    db.session.flush()
