"""What follows when the last attempt and the days of grace are over, and how a case ends with its subscription."""

from flask import current_app
from sqlalchemy import select

from app.audit import service as audit
from app.core import leases
from app.core.config import Settings
from app.core.extensions import db
from app.gateway import cancellations
from app.gateway import invoice_payments as gateway
from app.invoices import paying
from app.invoices.models import Invoice
from app.organizations.models import Organization
from app.subscriptions import service as subscriptions
from app.subscriptions.models import Subscription
from app.subscriptions.states import RUNNING, Status

from . import retrying, service
from .models import CaseState, DunningCase


def conclude(case_id: int) -> None:
    """Access is restricted from here on, or the subscription ends, where we collect and the settings say so."""
    case, invoice, organization = retrying.read(case_id)
    if not case.is_unpaid:
        return
    if case.is_ours:
        case = _finish(case, invoice, organization)
    subscription = _subscription(case)
    if case.is_unpaid and subscription is not None and subscription.status in {Status.PAST_DUE, Status.UNPAID}:
        audit.write("dunning.restricted", case.public_id, organization_id=case.organization_id)


def _finish(case: DunningCase, invoice: Invoice, organization: Organization) -> DunningCase:
    settings: Settings = current_app.extensions["settings"]
    if settings.dunning_final_action == "cancel":
        _cancel(case, invoice, organization)
    case = service.locked(case.id)
    if case.is_open:  # the last attempt was not made in time, or a bank is still at work on it
        service.give_up(case, organization, invoice)
    return case


def _cancel(case: DunningCase, invoice: Invoice, organization: Organization) -> None:
    """The end first: written off alone, the invoice would count as paid and the subscription go on."""
    with subscriptions.alone(organization), leases.hold(paying.lease(invoice), paying.LEASE_SECONDS):
        subscription, state = _subscription(case), gateway.look(invoice.stripe_id)
        if not state.is_owed or state.is_processing or subscription is None or not subscription.is_past_due:
            return
        key = f"dunning-end:{case.public_id}"
        record = cancellations.cancel_now(key, subscription.stripe_id, bill=False)
        gateway.write_off(f"{key}:write-off", invoice.stripe_id)
        subscriptions.absorb(organization, record)
        service.close(service.locked(case.id), CaseState.ENDED, organization, invoice)


def with_subscription(case_id: int) -> None:
    """The subscription is over, whoever ended it: nothing is collected on its invoice any more."""
    case, invoice, organization = retrying.read(case_id)
    subscription = _subscription(case)
    if subscription is None or subscription.status in RUNNING:
        return
    case = service.locked(case_id)
    if case.is_unpaid:
        service.close(case, CaseState.ENDED, organization, invoice)


def _subscription(case: DunningCase) -> Subscription | None:
    mine = Subscription.stripe_id == case.subscription_stripe_id
    return db.session.scalar(select(Subscription).where(mine).execution_options(populate_existing=True))
