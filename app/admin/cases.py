"""Failed renewals as staff see them: which cases there are, and what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, select

from app.audit import service as audit
from app.audit.models import Entry
from app.auth.models import User
from app.core import i18n
from app.core.errors import NotFound
from app.core.extensions import db
from app.dunning import service
from app.dunning.models import UNPAID, CaseState, DunningAttempt, DunningCase, Outcome, Source
from app.dunning.reasons import Reason
from app.invoices.models import Invoice
from app.organizations.models import Organization

from . import customers, lists
from .lists import Order, Page

UNPAID_STATES = "unpaid"

NEXT = Order(_l("By next attempt, planned ones only"), (DunningCase.next_attempt_at, DunningCase.id))
ORDERS = {
    "newest": Order(_l("Newest first"), (DunningCase.id,), descending=True),
    "oldest": Order(_l("Oldest first"), (DunningCase.id,)),
    "next": NEXT,
}

STATES = {
    CaseState.OPEN: (_l("Collecting"), "info"),
    CaseState.EXHAUSTED: (_l("Attempts over"), "danger"),
    CaseState.STOPPED: (_l("Stopped"), "warning"),
    CaseState.RECOVERED: (_l("Recovered"), "success"),
    CaseState.ENDED: (_l("Ended unpaid"), "quiet"),
    CaseState.VOIDED: (_l("Voided"), "quiet"),
    CaseState.WRITTEN_OFF: (_l("Written off"), "quiet"),
}
"""How a state reads, and the tone of its mark."""

REASONS = {
    Reason.NO_METHOD: _l("No card"),
    Reason.DECLINED: _l("Declined"),
    Reason.REFUSED: _l("Refused for good"),
    Reason.AUTHENTICATION: _l("Bank asks the owner"),
}

SOURCES = {
    Source.RENEWAL: _l("The renewal's own charge"),
    Source.SCHEDULE: _l("Planned attempt"),
    Source.STRIPE: _l("Stripe's attempt"),
    Source.CARD: _l("Attempt with another card"),
    Source.CUSTOMER: _l("Attempt of the customer"),
    Source.STAFF: _l("Attempt asked for by staff"),
}

OUTCOMES = {
    Outcome.PLANNED: (_l("planned"), "info"),
    Outcome.PAID: (_l("paid"), "success"),
    Outcome.FAILED: (_l("failed"), "danger"),
    Outcome.PENDING: (_l("the bank is at work"), "info"),
    Outcome.HELD: (_l("not charged, it would only have failed again"), "warning"),
    Outcome.DROPPED: (_l("not needed any more"), "quiet"),
}


@dataclass(frozen=True)
class Filters:
    """`who` as `customers.named` takes it; `number` is that of an invoice."""

    state: str = ""
    reason: str = ""
    who: str = ""
    number: str = ""


def page(filters: Filters, order: Order, **around: str) -> Page:
    """Rows of a case, its invoice, and its organization's name and public id."""
    chosen = _whole().where(*_conditions(filters))
    if order is NEXT:
        chosen = chosen.where(DunningCase.is_charged_again())
    return lists.page(chosen, order, DunningCase.public_id, **around)


def get(public_id: str) -> tuple[DunningCase, Invoice, str, str]:
    """A case, its invoice, and its organization's name and public id. Raises NotFound."""
    found = _whole().where(DunningCase.public_id == public_id)
    row = db.session.execute(found).first() if public_id.isprintable() else None
    if row is None:
        raise NotFound()
    return row[0], row[1], row[2], row[3]


def said(public_ids: Sequence[str]) -> dict[str, str]:
    """These cases in words, by their public ids: whose they are, the invoice, and what is due."""
    rows = db.session.execute(_whole().where(DunningCase.public_id.in_(public_ids)))
    return {
        case.public_id: f"{name}, {invoice.number}, {i18n.money(invoice.remaining)}" for case, invoice, name, _ in rows
    }


@dataclass(frozen=True)
class Step:
    """An attempt, or what a member of staff did; `at` is business time and `by` the name of that member."""

    at: datetime
    attempt: DunningAttempt | None = None
    deed: Entry | None = None
    by: str = ""


def ledger(case: DunningCase) -> list[Step]:
    """Everything that was tried, is planned, or was asked for by staff, newest first."""
    steps = [Step(attempt.at, attempt=attempt) for attempt in service.attempts(case)]
    deeds = audit.history(case.public_id)
    members = db.session.execute(select(User.id, User.name).where(User.id.in_({deed.user_id for deed in deeds})))
    names: dict[int | None, str] = {row.id: row.name for row in members}
    steps += [Step(deed.at, deed=deed, by=names.get(deed.user_id, deed.actor)) for deed in deeds[::-1]]
    return sorted(steps, key=lambda step: step.at)[::-1]


def _whole() -> "Select[*tuple[Any, ...]]":
    whole = select(DunningCase, Invoice, Organization.name, Organization.public_id)
    whole = whole.join(Invoice, Invoice.id == DunningCase.invoice_id)
    return whole.join(Organization, Organization.id == DunningCase.organization_id)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.state:
        states = UNPAID if filters.state == UNPAID_STATES else {filters.state}
        conditions.append(DunningCase.state.in_(states))
    if filters.reason:
        conditions.append(DunningCase.reason == filters.reason)
    if filters.who:
        conditions.append(customers.named(filters.who))
    if filters.number:
        conditions.append(Invoice.number == filters.number)
    return conditions
