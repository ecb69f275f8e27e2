"""Charging again: when it is planned, when another card is there, and when staff say so."""

from sqlalchemy import select

from app.core.extensions import db
from app.core.transactions import apart
from app.gateway import invoice_payments
from app.gateway.invoice_payments import PaymentState
from app.invoices.models import Invoice
from app.invoices.paying import Outcome as Paid
from app.invoices.paying import Result
from app.organizations.models import Organization
from app.subscriptions import service as subscriptions

from . import collecting, ledger, notices, reasons, service
from .models import CaseState, DunningAttempt, DunningCase, Outcome, Source
from .reasons import Reason


def stop_stripes(case_id: int) -> None:
    """Stripe and we would double the declines."""
    case, invoice, _organization = read(case_id)
    if case.is_unpaid:
        invoice_payments.stop_retries(f"dunning-take:{case.public_id}", invoice.stripe_id)


def as_planned(case_id: int, position: int) -> None:
    """The attempt of this position, unless the case came to its end or a member of staff stopped it."""
    case, invoice, organization = read(case_id)
    if not case.is_open or ledger.planned(case, position) is None:
        return
    found = collecting.collect(organization, invoice, f"dunning-retry:{case.public_id}:{position}", case.refused_cards)
    case = service.locked(case_id)
    attempt = db.session.scalars(DunningAttempt.of(case).where(DunningAttempt.position == position)).one()
    attempt.outcome, attempt.amount = found.outcome, ledger.asked(invoice)
    if found.trouble:
        attempt.reason, attempt.code = found.trouble.reason, found.trouble.code
        case.take(found.trouble)
    db.session.flush()
    if not case.is_open:
        return
    case.next_attempt_at = ledger.next_at(case)
    if found.outcome == Outcome.FAILED:
        service.failed(case, organization, invoice, position, found.trouble)
    elif found.outcome == Outcome.HELD and case.next_attempt_at is None:
        service.give_up(case, organization, invoice)


def with_other_card(case_id: int) -> None:
    """At once, where Stripe would charge another card by now than it did last; not for a case that staff stopped.

    Whoever chose the card on a page of ours tries it there and is told: that comes first. Raises Busy.
    """
    case, invoice, organization = read(case_id)
    if not case.is_unpaid or case.state == CaseState.STOPPED:
        return
    with subscriptions.alone(organization):
        state = invoice_payments.look(invoice.stripe_id)
        if state.is_owed and state.default_card not in {None, reasons.tried(state)}:
            turn = len(service.attempts(case))  # a card that was tried on another day is another attempt
            _besides_the_plan(case, invoice, organization, Source.CARD, f"{state.default_card}:{turn}")


def now(case_id: int, press: str) -> None:
    """Because staff asked for it; `press` names that."""
    case, invoice, organization = read(case_id)
    if case.is_unpaid:
        _besides_the_plan(case, invoice, organization, Source.STAFF, press)


def _besides_the_plan(
    case: DunningCase, invoice: Invoice, organization: Organization, source: Source, occasion: str
) -> None:
    """It changes nothing about what is planned; only a bank that asks is told of, since nobody may be there to see it."""
    key = f"dunning-{source}:{case.public_id}:{occasion}"
    found = collecting.collect(organization, invoice, key, case.refused_cards)
    if found.outcome == Outcome.DROPPED or (found.outcome == Outcome.HELD and source == Source.CARD):
        return
    case = service.locked(case.id)
    db.session.add(ledger.made(case, invoice, source, found.outcome, found.trouble))
    if found.trouble:
        case.take(found.trouble)
    if found.outcome == Outcome.FAILED and case.reason == Reason.AUTHENTICATION:
        notices.tell_failure(case, organization, invoice, f"{source}:{occasion}")


_RESULTS = {
    Result.PAID: Outcome.PAID,
    Result.PROCESSING: Outcome.PENDING,
    Result.DECLINED: Outcome.FAILED,
    Result.NEEDS_CONFIRMATION: Outcome.FAILED,
}


def heard(invoice: Invoice, paid: Paid, state: PaymentState, asked_by: str) -> None:
    """A customer pressed "Pay", or chose another card: part of the ledger, and no attempt of the plan."""
    outcome = _RESULTS.get(paid.result)
    trouble = reasons.of(state.intent) if outcome == Outcome.FAILED else None
    with apart() as session:
        case = session.scalars(DunningCase.of(invoice).with_for_update()).one_or_none()
        if case is None or outcome is None:
            return
        session.add(ledger.made(case, invoice, Source(asked_by), outcome, trouble))
        if trouble:
            case.take(trouble)


def read(case_id: int) -> tuple[DunningCase, Invoice, Organization]:
    """A case and what it is about, nothing locked."""
    whole = select(DunningCase, Invoice, Organization).where(DunningCase.id == case_id)
    whole = whole.join(Invoice, Invoice.id == DunningCase.invoice_id)
    whole = whole.join(Organization, Organization.id == DunningCase.organization_id)
    row = db.session.execute(whole.execution_options(populate_existing=True)).one()
    return row[0], row[1], row[2]
