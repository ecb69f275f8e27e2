"""A case from the failure of a renewal to its one end: opened and closed by what Stripe says of the invoice."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, select

from app.audit import service as audit
from app.core import clock, ids, tasks
from app.core.config import Settings
from app.core.errors import NotFound
from app.core.extensions import db
from app.gateway.invoices import InvoiceRecord
from app.invoices.models import Invoice, InvoiceStatus
from app.organizations.models import Organization
from app.subscriptions.models import Subscription
from app.subscriptions.states import RUNNING

from . import ledger, notices, reasons
from .models import UNPAID, CaseState, DunningAttempt, DunningCase, Mode, Outcome, Source
from .reasons import Trouble

LAST_ATTEMPT = timedelta(hours=1)
"""How long the last planned attempt has, before what follows from its failure."""

ENDS = {
    InvoiceStatus.PAID: CaseState.RECOVERED,
    InvoiceStatus.VOID: CaseState.VOIDED,
    InvoiceStatus.UNCOLLECTIBLE: CaseState.WRITTEN_OFF,
}


def locked(case_id: int) -> DunningCase:
    """The case as it stands now; nobody else writes it until the end of the transaction."""
    row = select(DunningCase).where(DunningCase.id == case_id).with_for_update()
    return db.session.scalars(row.execution_options(populate_existing=True)).one()


def get(public_id: str) -> DunningCase:
    """A case by its public id, for staff. Raises NotFound."""
    found = db.session.scalar(select(DunningCase).where(DunningCase.public_id == public_id))
    if found is None:
        raise NotFound()
    return found


def attempts(case: DunningCase) -> list[DunningAttempt]:
    """The ledger, oldest first, with what is planned."""
    return list(db.session.scalars(DunningAttempt.of(case)))


def follow(organization: Organization, invoice: Invoice, record: InvoiceRecord) -> None:
    """What an answer of Stripe's about an invoice means for its case; called under the lock of the invoice's row."""
    case = db.session.scalars(DunningCase.of(invoice).with_for_update()).one_or_none()
    if case is None:
        if invoice.is_failed_renewal and not _is_over(invoice.subscription_stripe_id):
            _open(organization, invoice, record)
        return
    if not case.is_unpaid:
        return
    if end := ENDS.get(InvoiceStatus(invoice.status)):
        close(case, end, organization, invoice)
    elif invoice.attempt_count > case.counted:
        _hear(case, organization, invoice, record)


def _is_over(subscription: str | None) -> bool:
    """Nobody follows the debts of a subscription that ended; what the mirror does not know yet is not over."""
    status = db.session.scalar(select(Subscription.status).where(Subscription.stripe_id == subscription))
    return status is not None and status not in RUNNING


def _open(organization: Organization, invoice: Invoice, record: InvoiceRecord) -> None:
    settings: Settings = current_app.extensions["settings"]
    trouble = reasons.of(record.collecting)
    case = DunningCase(
        public_id=ids.new("dun"),
        organization_id=organization.id,
        invoice_id=invoice.id,
        subscription_stripe_id=invoice.subscription_stripe_id,
        mode=settings.dunning_mode,
        counted=invoice.attempt_count,
        refused_cards=[],
        opened_at=max(clock.now(), invoice.issued_at),  # our clock may have been read a moment ago
        access_ends_at=_access_ends_at(invoice),
    )
    case.take(trouble)
    db.session.add(case)
    db.session.flush()
    first = ledger.made(case, invoice, Source.RENEWAL, Outcome.FAILED, trouble, position=0)
    first.at = case.opened_at
    db.session.add(first)
    _audit("opened", case, invoice)
    if case.mode == Mode.APP:
        _plan(case, invoice, settings)
    else:
        case.next_attempt_at = invoice.next_payment_attempt_at
        conclude_at(case, case.access_ends_at)
    _tell_failure(case, organization, invoice, 0, trouble)


def _access_ends_at(invoice: Invoice) -> datetime:
    """The days of grace count from the first renewal that failed; a later one gives no more of them."""
    known = db.session.scalar(select(Subscription).where(Subscription.stripe_id == invoice.subscription_stripe_id))
    settings: Settings = current_app.extensions["settings"]
    ends_at = known.access_ends_at if known else None
    return ends_at or max(clock.now(), invoice.issued_at) + timedelta(days=settings.grace_period_days)


def _plan(case: DunningCase, invoice: Invoice, settings: Settings) -> None:
    """All of it at once, so that a task that fails does not keep the next one from coming."""
    tasks.record("stop_stripes_retries", case.public_id, {"case": case.id})
    times = [case.opened_at + timedelta(hours=hours) for hours in settings.dunning_retry_hours if hours]
    for position, at in enumerate(times, 1):
        ledger.plan(case, invoice, position, at)
        payload = {"case": case.id, "position": position}
        tasks.record("retry_renewal", f"{case.public_id}:{position}", payload, run_at=at)
    case.next_attempt_at = min(times, default=None)
    conclude_at(case, max([case.access_ends_at, *(at + LAST_ATTEMPT for at in times)]))


def conclude_at(case: DunningCase, at: datetime) -> None:
    """Have what follows from an unpaid invoice done at this instant of business time."""
    tasks.record("conclude_dunning", f"{case.public_id}:{int(at.timestamp())}", {"case": case.id}, run_at=at)


def _hear(case: DunningCase, organization: Organization, invoice: Invoice, record: InvoiceRecord) -> None:
    """Stripe charged by itself once more, and failed."""
    case.counted = invoice.attempt_count
    trouble = reasons.of(record.collecting)
    case.take(trouble)
    db.session.add(ledger.made(case, invoice, Source.STRIPE, Outcome.FAILED, trouble))
    if case.mode == Mode.STRIPE and case.is_open:
        case.next_attempt_at = invoice.next_payment_attempt_at
        _tell_failure(case, organization, invoice, case.counted, trouble)


def failed(
    case: DunningCase, organization: Organization, invoice: Invoice, position: int, trouble: Trouble | None
) -> None:
    """A scheduled attempt of an open case was refused."""
    _audit("attempt_failed", case, invoice)
    _tell_failure(case, organization, invoice, position, trouble)


def give_up(case: DunningCase, organization: Organization, invoice: Invoice) -> None:
    """Nothing is charged by itself any more; only the customer can pay now."""
    ledger.drop_planned(case)
    case.state = CaseState.EXHAUSTED
    _audit("exhausted", case, invoice)
    notices.tell_last(case, organization, invoice)


def _tell_failure(
    case: DunningCase, organization: Organization, invoice: Invoice, position: int, trouble: Trouble | None
) -> None:
    """With nothing planned after it, it was the last attempt."""
    if case.next_attempt_at is None:
        give_up(case, organization, invoice)
    else:
        notices.tell_failure(case, organization, invoice, str(position), trouble.card if trouble else None)


def close(case: DunningCase, end: CaseState, organization: Organization, invoice: Invoice) -> None:
    """The end of an unpaid case; what was planned is dropped, and a recovery is told."""
    if end == CaseState.WRITTEN_OFF and _is_over(case.subscription_stripe_id):
        end = CaseState.ENDED
    case.state, case.closed_at = end, clock.now()
    ledger.drop_planned(case)
    _audit(end, case, invoice)
    if end == CaseState.RECOVERED and not _is_over(case.subscription_stripe_id):
        notices.tell_recovery(case, organization, invoice)


def subscription_written(before: Mapping[str, object], subscription: Subscription) -> None:
    """It ended, or is charged to another card: what that means for its cases is a task, since rows are locked here."""
    is_over = bool(before) and subscription.status not in RUNNING and before.get("status") in RUNNING
    card = subscription.default_payment_method
    is_other_card = bool(before) and card is not None and card != before.get("default_payment_method")
    if not is_over and not is_other_card:
        return
    kind = "end_dunning" if is_over else "try_other_card"
    _record_for(kind, DunningCase.subscription_stripe_id == subscription.stripe_id)


def default_card_changed(organization: Organization) -> None:
    """What is unpaid is tried with it, once per change."""
    _record_for("try_other_card", DunningCase.organization_id == organization.id)


def _record_for(kind: str, which: ColumnElement[bool]) -> None:
    rows = db.session.execute(select(DunningCase.id, DunningCase.public_id).where(which, DunningCase.state.in_(UNPAID)))
    for case_id, public_id in rows.all():
        tasks.record(kind, ids.new(public_id), {"case": case_id})


def _audit(step: str, case: DunningCase, invoice: Invoice) -> None:
    data = {"number": invoice.number, "amount": invoice.remaining_amount, "currency": invoice.currency}
    audit.write(f"dunning.{step}", case.public_id, organization_id=case.organization_id, data=data)
