"""The ledger of a case: what was planned, what was tried, and what came of it."""

from datetime import datetime

from sqlalchemy import func, select, update

from app.core import clock
from app.core.extensions import db
from app.invoices.models import Invoice

from .models import DunningAttempt, DunningCase, Outcome, Source
from .reasons import Trouble


def made(
    case: DunningCase,
    invoice: Invoice,
    source: Source,
    outcome: Outcome,
    trouble: Trouble | None,
    *,
    position: int | None = None,
) -> DunningAttempt:
    """An attempt of just now, to be added to the session of whoever made it."""
    why = {"reason": trouble.reason, "code": trouble.code} if trouble else {}
    told = {"case_id": case.id, "position": position, "source": source, "outcome": outcome, **why}
    return DunningAttempt(**told, amount=asked(invoice), at=clock.now())


def plan(case: DunningCase, invoice: Invoice, position: int, at: datetime) -> None:
    planned = {"case_id": case.id, "position": position, "source": Source.SCHEDULE, "outcome": Outcome.PLANNED}
    db.session.add(DunningAttempt(**planned, amount=asked(invoice), at=at))


def planned(case: DunningCase, position: int) -> DunningAttempt | None:
    """The attempt of this position, while it is still to be made."""
    mine = DunningAttempt.of(case).where(DunningAttempt.position == position)
    return db.session.scalar(mine.where(DunningAttempt.outcome == Outcome.PLANNED))


def next_at(case: DunningCase) -> datetime | None:
    return db.session.scalar(
        select(DunningAttempt.at)
        .where(DunningAttempt.case_id == case.id, DunningAttempt.outcome == Outcome.PLANNED)
        .order_by(DunningAttempt.at)
        .limit(1)
    )


def left(case: DunningCase) -> int:
    """How many attempts are planned."""
    mine = select(func.count()).where(DunningAttempt.case_id == case.id)
    return db.session.scalars(mine.where(DunningAttempt.outcome == Outcome.PLANNED)).one()


def drop_planned(case: DunningCase) -> None:
    mine = update(DunningAttempt).where(DunningAttempt.case_id == case.id)
    db.session.execute(mine.where(DunningAttempt.outcome == Outcome.PLANNED).values(outcome=Outcome.DROPPED))
    case.next_attempt_at = None


def asked(invoice: Invoice) -> int:
    """What was asked for in minor units, also once it is paid."""
    return invoice.remaining_amount or invoice.due_amount
