"""Is our copy of a payment what Stripe has, with its tries and refunds? By the same values that `service.absorb` would write."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from app.core import drift
from app.core.drift import Drift
from app.core.extensions import db
from app.gateway.payments import PaymentRecord
from app.organizations.owners import owners

from . import mirror
from .models import Attempt, Payment, PaymentStatus, Refund

NOT_YET = {PaymentStatus.REQUIRES_PAYMENT_METHOD, PaymentStatus.REQUIRES_CONFIRMATION}
"""Without a try, Stripe has told nobody of such a payment yet."""
MINOR = {"brand", "last4", "failure", "made_at", "reason", "failure_reason", "created_at"}


def compare(records: Sequence[PaymentRecord]) -> list[Drift]:
    """What differs, of those whose customer is ours, in what a record tells. Four statements."""
    of = owners([record.customer for record in records])
    mine = [record for record in records if record.customer in of]
    payments = _rows(Payment, (record.stripe_id for record in mine))
    attempts = _rows(Attempt, (attempt.stripe_id for record in mine for attempt in record.attempts))
    refunds = _rows(Refund, (refund.stripe_id for record in mine for refund in record.refunds))
    found = []
    for record in mine:
        payment = payments.get(record.stripe_id)
        if payment is None and not record.attempts and record.status in NOT_YET:
            continue
        original = _original(record) | {"organization_id": of[str(record.customer)]}
        ours = _ours(payment, record, attempts, refunds) if payment else None
        found.append(drift.between(record.stripe_id, of[str(record.customer)], ours, original, MINOR))
    return [each for each in found if each is not None]


def _rows(model: Any, stripe_ids: Iterable[str]) -> dict[str, Any]:
    chosen = select(model).where(model.stripe_id.in_(list(stripe_ids)))
    return {row.stripe_id: row for row in db.session.scalars(chosen.execution_options(populate_existing=True))}


def _original(record: PaymentRecord) -> dict[str, Any]:
    values = mirror.payment_values(record)
    for attempt in record.attempts:
        values |= drift.parts(f"attempts.{attempt.stripe_id}", mirror.attempt_values(attempt))
    for refund in record.refunds:
        values |= drift.parts(f"refunds.{refund.stripe_id}", mirror.refund_values(record.currency, refund))
    return values


def _ours(
    payment: Payment, record: PaymentRecord, attempts: dict[str, Attempt], refunds: dict[str, Refund]
) -> dict[str, Any]:
    """The same names from our rows; a part that has no row is missing."""
    values = {name: getattr(payment, name) for name in (*mirror.payment_values(record), "organization_id")}
    for attempt in record.attempts:
        if row := attempts.get(attempt.stripe_id):
            names = mirror.attempt_values(attempt)
            values |= drift.parts(f"attempts.{attempt.stripe_id}", {name: getattr(row, name) for name in names})
    for refund in record.refunds:
        if given := refunds.get(refund.stripe_id):
            names = mirror.refund_values(record.currency, refund)
            values |= drift.parts(f"refunds.{refund.stripe_id}", {name: getattr(given, name) for name in names})
    return values
