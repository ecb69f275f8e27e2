"""Whole rounds, what they found, and what stands in our tables."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from app.core import clock
from app.core.extensions import db
from app.core.transactions import commit
from app.reconciliation import rounds
from app.reconciliation.models import Difference, Round, Scope
from app.reconciliation.rounds import Step
from tests.helpers import work

TABLES = (
    "organizations",
    "tax_ids",
    "payment_methods",
    "subscriptions",
    "invoices",
    "payments",
    "payment_attempts",
    "refunds",
)
ABOUT_THE_ASKING = {
    "version",
    "synced_at",
    "next_charge",
    "past_due_since",
    "price_since",
    "pdf_request",
    "pdf_state",
    "pdf_path",
    "pdf_rendered_at",
}


def begin(scope: Scope = Scope.FULL, since: timedelta | None = None) -> Step:
    """The first step of another round."""
    clock.refresh()
    count = db.session.scalar(db.select(db.func.count()).select_from(Round))
    step = rounds.begin(scope, f"test:{count}", since)
    assert step is not None
    return step


def reconcile(scope: Scope = Scope.FULL, since: timedelta | None = None) -> Round:
    """A whole round, as the workers take it, and the repairs it asks for."""
    step = begin(scope, since)
    rounds.record(step)
    commit()
    work()
    return db.session.get_one(Round, step.round_id)


def differences() -> list[Difference]:
    db.session.expire_all()
    return list(db.session.scalars(db.select(Difference).order_by(Difference.id)))


def change(table: str, values: str) -> None:
    """As nobody here would."""
    db.session.execute(text(f"UPDATE {table} SET {values}"))  # our own names
    commit()


def rows(table: str) -> list[dict[str, Any]]:
    """What stands in a table, but for when and how it came there."""
    found = db.session.execute(text(f"SELECT * FROM {table} ORDER BY id")).mappings().all()  # our own names
    commit()
    return [{name: value for name, value in row.items() if name not in ABOUT_THE_ASKING} for row in found]


def everything() -> dict[str, list[dict[str, Any]]]:
    return {table: rows(table) for table in TABLES}
