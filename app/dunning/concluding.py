"""What follows when the last attempt and the days of grace are over, and how a case ends with its subscription."""

from contextlib import suppress
from datetime import timedelta

from flask import current_app
from sqlalchemy import select

from app.audit import service as audit
from app.core import clock, leases
from app.core.config import Settings
from app.core.extensions import db
from app.core.logs import log
from app.gateway import cancellations, intents
from app.gateway import invoice_payments as gateway
from app.gateway.errors import GatewayNotFound
from app.invoices import paying
from app.invoices.models import Invoice
from app.organizations.models import Organization
from app.subscriptions import service as subscriptions
from app.subscriptions.models import Subscription
from app.subscriptions.states import RUNNING, Status

from . import notices, retrying, service
from .models import CaseState, DunningCase

BANKS_TAKE = timedelta(days=1)
"""After how long a payment under way is looked at again."""


def conclude(case_id: int) -> None:
    """Access is restricted from here on, or the subscription ends, where we collect and the settings say so.

    While a bank is at work on the payment nothing is said or done, and it is asked again a day later.
    """
    known, invoice, organization = retrying.read(case_id)
    was_open = known.is_open
    case: DunningCase | None = known
    if _is_to_end(known):
        case = _end(known, invoice, organization)
    elif known.is_open and known.is_ours:
        case = _give_up(known, invoice, organization)
    if case is None:
        return
    subscription = _subscription(case)
    if case.is_unpaid and subscription is not None and subscription.status in {Status.PAST_DUE, Status.UNPAID}:
        audit.write("dunning.restricted", case.public_id, organization_id=case.organization_id)
        is_told = was_open and not case.is_open  # by the last notice of just now
        if not is_told and case.opened_at < case.access_ends_at:  # else it was restricted before this renewal failed
            notices.tell_restricted(case, organization, invoice)


def _is_to_end(case: DunningCase) -> bool:
    """Also where that was begun, whatever has come of the case since: the second half may be missing."""
    settings: Settings = current_app.extensions["settings"]
    is_due = case.is_unpaid and case.is_ours and settings.dunning_final_action == "cancel"
    return is_due or intents.was_tried(_key(case))


def _key(case: DunningCase) -> str:
    return f"dunning-end:{case.public_id}"


def _end(case: DunningCase, invoice: Invoice, organization: Organization) -> DunningCase | None:
    """The subscription first: written off alone, the invoice would count as paid and the subscription go on.

    None when it was put off.
    """
    key = _key(case)
    with subscriptions.alone(organization), leases.hold(paying.lease(invoice), paying.LEASE_SECONDS):
        subscription, state = _subscription(case), gateway.look(invoice.stripe_id)
        if subscription is None or not (subscription.is_past_due or intents.was_tried(key)):
            return case
        if state.is_processing:
            _put_off(case)
            return None
        if not state.is_owed:
            return case
        with suppress(GatewayNotFound):  # ended by a try that did not live to write the invoice off
            cancellations.cancel_now(key, subscription.stripe_id, bill=False)
        gateway.write_off(f"{key}:write-off", invoice.stripe_id)
        is_paid = gateway.look(invoice.stripe_id).status == "paid"
        subscriptions.sync(subscription.stripe_id)
        case = service.locked(case.id)
        if is_paid:
            log.error("plan ended although it was paid in that moment; refund it", invoice=invoice.stripe_id)
        elif case.is_unpaid:
            service.close(case, CaseState.ENDED, organization, invoice)
    return case


def _give_up(case: DunningCase, invoice: Invoice, organization: Organization) -> DunningCase | None:
    """The last attempt was not made in time. None when it was put off."""
    if gateway.look(invoice.stripe_id).is_processing:
        _put_off(case)
        return None
    case = service.locked(case.id)
    if case.is_open:
        service.give_up(case, organization, invoice)
    return case


def _put_off(case: DunningCase) -> None:
    service.conclude_at(case, clock.now() + BANKS_TAKE)


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
