"""What is said by mail about a renewal that was not paid: each thing once, with amount, reason, what comes next, and one way on."""

from typing import Any

from flask import current_app
from sqlalchemy import select

from app.catalog.models import Plan, Price
from app.core import clock, i18n, tasks
from app.core.config import Settings
from app.core.extensions import db
from app.core.pages import public_url
from app.invoices import pay_links, receipts
from app.invoices import service as invoices
from app.invoices.models import Invoice
from app.organizations import service as organizations
from app.organizations.models import Organization
from app.payment_methods.models import PaymentMethod
from app.subscriptions.models import Subscription

from . import ledger, reasons
from .models import DunningCase, Mode
from .reasons import Reason

TEMPLATES = {
    Reason.NO_METHOD: "payment_no_method",
    Reason.DECLINED: "payment_declined",
    Reason.REFUSED: "payment_declined",
}


def tell_failure(
    case: DunningCase, organization: Organization, invoice: Invoice, occasion: str, card: str | None = None
) -> None:
    """An attempt with this `card` (Stripe's id) failed, once per `occasion`, and it was not the last one."""
    if case.reason != Reason.AUTHENTICATION:
        _send(TEMPLATES[Reason(case.reason)], occasion, case, organization, invoice, card)
        return
    lines = invoices.lines(invoice, receipts.LINES)
    again, ends = case.charged_again_at, case.access_ends_at
    pay_links.send_request(invoice, organization, lines, f"{case.public_id}:{occasion}", again, ends)


def tell_last(case: DunningCase, organization: Organization, invoice: Invoice) -> None:
    """Nothing more is charged by itself."""
    _send("payment_final", "last", case, organization, invoice)


def tell_restricted(case: DunningCase, organization: Organization, invoice: Invoice) -> None:
    """The days of grace are over."""
    _send("payment_restricted", "grace", case, organization, invoice)


def tell_recovery(case: DunningCase, organization: Organization, invoice: Invoice) -> None:
    """The money is there."""
    _send("payment_recovered", "end", case, organization, invoice)


def _send(
    template: str,
    occasion: str,
    case: DunningCase,
    organization: Organization,
    invoice: Invoice,
    card: str | None = None,
) -> None:
    with i18n.using(organization.locale, organization.timezone):
        context = _context(case, organization, invoice) | {"card": _label(organization, card)}
    mail: dict[str, Any] = {
        "template": template,
        "to": organizations.billing_emails(organization),
        "context": context,
        "about": invoice.public_id,
    }
    tasks.record("send_mail", f"{template}:{case.public_id}:{occasion}", mail, queue="mail")


def _context(case: DunningCase, organization: Organization, invoice: Invoice) -> dict[str, Any]:
    settings: Settings = current_app.extensions["settings"]
    return {
        "organization": organization.name,
        "plan": _plan(case),
        "number": invoice.number,
        "amount": i18n.money(invoice.money(invoice.remaining_amount or invoice.paid_amount)),
        "reason": reasons.sentence(case.reason, case.code),
        "needs_other_card": case.reason == Reason.REFUSED,
        "next_attempt": i18n.moment(case.charged_again_at) if case.charged_again_at else None,
        "is_last_to_come": case.mode == Mode.APP and ledger.left(case) == 1,
        "access_until": i18n.moment(case.access_ends_at) if clock.now() < case.access_ends_at else None,
        "ends_plan": case.mode == Mode.APP and settings.dunning_final_action == "cancel",
        "days": pay_links.LIFE.days,
        "pay_url": public_url("pay.link", link=pay_links.token(invoice)),
        "add_url": public_url("payment_methods.add"),
        "subscription_url": public_url("subscriptions.show"),
    }


def _label(organization: Organization, card: str | None) -> str | None:
    known = PaymentMethod.of(organization).where(PaymentMethod.stripe_id == card)
    found = db.session.scalar(known) if card else None
    return found.label if found else None


def _plan(case: DunningCase) -> str:
    named = (
        select(Plan.name).join(Price, Price.plan_id == Plan.id).join(Subscription, Subscription.price_id == Price.id)
    )
    found = db.session.scalar(named.where(Subscription.stripe_id == case.subscription_stripe_id))
    return found or str(current_app.extensions["settings"].product_name)
