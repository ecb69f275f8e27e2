"""The invoice that the current organization's plan waits for, read at most once per request: banner and panels ask for it."""

from collections.abc import Sequence

from flask import g

from app.core.extensions import db
from app.organizations.context import current_organization
from app.subscriptions.context import current_subscription
from app.subscriptions.states import PortalState

from .models import Invoice


def remember(invoices: Sequence[Invoice]) -> None:
    """These were read for the page: one of them may be the one that is asked for."""
    g.known_invoices = list(invoices)


def owed_invoice() -> Invoice | None:
    """The open invoice of a renewal that failed, for which nothing is read while all is well."""
    subscription = current_subscription()
    if subscription is None or subscription.portal_state not in {PortalState.PAST_DUE, PortalState.RESTRICTED}:
        return None
    if "owed_invoice" not in g:
        g.owed_invoice = _find(str(subscription.latest_invoice))
    found: Invoice | None = g.owed_invoice
    return found if found is not None and found.can_be_paid else None


def waiting_invoice() -> Invoice | None:
    """The open invoice of a change that takes effect once it is paid; nothing is read where none waits."""
    subscription = current_subscription()
    if subscription is None or not subscription.is_waiting:
        return None
    if "waiting_invoice" not in g:
        g.waiting_invoice = _find(str(subscription.latest_invoice))
    found: Invoice | None = g.waiting_invoice
    return found if found is not None and found.can_be_paid else None


def _find(stripe_id: str) -> Invoice | None:
    known: list[Invoice] = g.get("known_invoices", [])
    at_hand = next((invoice for invoice in known if invoice.stripe_id == stripe_id), None)
    return at_hand or db.session.scalar(Invoice.of(current_organization).where(Invoice.stripe_id == stripe_id))
