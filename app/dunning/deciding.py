"""What staff decide about cases: to try now, or to stop trying. Each is audited, with its reason."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from app.audit import service as audit
from app.core import tasks
from app.core.extensions import db

from . import ledger
from .models import UNPAID, CaseState, DunningCase, Mode


def retry_now(public_ids: Sequence[str], press: str) -> int:
    """Have unpaid cases tried at once, once per `press`, whatever is planned; answers how many."""
    cases = _locked(public_ids, UNPAID)
    for case in cases:
        payload = {"case": case.id, "press": press}
        tasks.record("retry_now", f"{case.public_id}:{press}", payload)
        audit.write("dunning_case.retried", case.public_id)
    return len(cases)


def stop(public_ids: Sequence[str], reason: str) -> int:
    """Charge nothing more by itself, and do nothing about the subscriptions; answers for how many cases that is new.

    What follows at Stripe is left to people: the invoice stays open, and can be paid.
    """
    cases = _locked(public_ids, UNPAID - {CaseState.STOPPED})
    for case in cases:
        if case.mode == Mode.STRIPE:
            tasks.record("stop_stripes_retries", case.public_id, {"case": case.id})
        ledger.drop_planned(case)
        case.state = CaseState.STOPPED
        audit.write("dunning_case.stopped", case.public_id, data={"reason": reason})
        audit.write("dunning.stopped", case.public_id, organization_id=case.organization_id)
    return len(cases)


def _locked(public_ids: Sequence[str], states: Collection[CaseState]) -> list[DunningCase]:
    chosen = select(DunningCase).where(DunningCase.public_id.in_(public_ids), DunningCase.state.in_(states))
    return list(db.session.scalars(chosen.order_by(DunningCase.id).with_for_update()))
