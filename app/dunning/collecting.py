"""One attempt to charge an unpaid invoice while nobody is there: by one at a time, once per key, and not in vain."""

from collections.abc import Collection
from dataclasses import dataclass

from app.core import leases
from app.gateway import intents
from app.gateway import invoice_payments as gateway
from app.gateway.errors import GatewayRefused, PaymentDeclined
from app.gateway.invoice_payments import PaymentState
from app.invoices import paying
from app.invoices.models import Invoice
from app.organizations.models import Organization

from . import reasons
from .models import Outcome
from .reasons import Trouble


@dataclass(frozen=True)
class Found:
    """What came of an attempt; `trouble` is why it did not bring the money."""

    outcome: Outcome
    trouble: Trouble | None


def collect(organization: Organization, invoice: Invoice, key: str, refused: Collection[str]) -> Found:
    """Charge what Stripe would charge, unless that is in vain, and absorb what came of it.

    `refused` are cards that were refused for good. A repetition with the same key finds out what the first one did. Raises Busy while somebody else is charging it, and
    GatewayUnavailable.
    """
    with leases.hold(paying.lease(invoice), paying.LEASE_SECONDS):
        state = gateway.look(invoice.stripe_id)
        hurdle = reasons.hurdle(state, refused)
        is_due = state.is_owed and not state.is_processing and (hurdle is None or intents.was_tried(key))
        if is_due:
            _charge(key, invoice)
            state = gateway.look(invoice.stripe_id)
        found = _found(state, hurdle, is_ours=is_due or intents.outcome(key) is not None)
        paying.absorb(organization, invoice.stripe_id)
    return found


def _charge(key: str, invoice: Invoice) -> None:
    """What came of it is looked at: a refusal may be the card's, or of an invoice that was paid or voided meanwhile."""
    try:
        gateway.pay(key, invoice.stripe_id, None, off_session=True)
    except (PaymentDeclined, GatewayRefused):
        return


def _found(state: PaymentState, hurdle: Trouble | None, *, is_ours: bool) -> Found:
    outcome, trouble = Outcome.DROPPED, None
    if state.is_processing:
        outcome = Outcome.PENDING
    elif state.is_owed:
        outcome = Outcome.FAILED if is_ours else Outcome.HELD
        trouble = reasons.of(state.intent) if is_ours or hurdle is None else hurdle
    elif state.status == "paid" and is_ours:
        outcome = Outcome.PAID
    return Found(outcome, trouble)
