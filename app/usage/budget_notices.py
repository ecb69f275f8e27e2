"""Mails when use comes to the levels of a budget: each once for a window and an amount of the budget.

A level that was behind already when the budget was set is no news: whoever set it saw how the meter stood. One that was told
is not told again when the amount goes back to what it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.audit import service as audit
from app.catalog import service as catalog
from app.core import i18n, tasks
from app.core.extensions import Model, db
from app.core.pages import public_url
from app.organizations import service as organizations
from app.organizations.models import Organization

from . import mail_words, wording
from .ledger import Sums
from .models import MeterBudget
from .reading import Reading
from .standing import Budget, Standing


class BudgetNotice(Model):
    """The highest level that was told of a budget with this amount, in the window that began at `begins_at`."""

    __tablename__ = "usage_budget_notices"
    __table_args__ = (UniqueConstraint("budget_id", "begins_at", "amount"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    budget_id: Mapped[int] = mapped_column(ForeignKey(MeterBudget.id))
    begins_at: Mapped[datetime]
    amount: Mapped[Decimal] = mapped_column(Numeric())
    level: Mapped[int]


def reached(budget: Budget, used: Decimal) -> int:
    """The highest of its levels that `used` reaches; 0 below all."""
    return max((level for level in budget.levels if used * 100 >= budget.amount * level), default=0)


def look(organization: Organization, read: Reading, totals: Iterable[Sums], now: datetime) -> None:
    """Record a mail for each open window whose total passed a level of its budget; `read` is from before the counting."""
    for total in totals:
        budget = read.budgets.get(total.meter_key)
        meter = catalog.current().meter(total.meter_key)
        if budget is None or meter is None:
            continue
        before = read.standing(meter, now)
        level = reached(budget, total.used)
        if before.begins_at != total.begins_at or level <= reached(budget, before.used):
            continue
        if _is_new(budget, before.begins_at, level):
            _tell(organization, replace(before, used=total.used), budget, level)


def _is_new(budget: Budget, begins_at: datetime, level: int) -> bool:
    told = insert(BudgetNotice).values(budget_id=budget.id, begins_at=begins_at, amount=budget.amount, level=level)
    same = ["budget_id", "begins_at", "amount"]
    risen = told.on_conflict_do_update(index_elements=same, set_={"level": level}, where=BudgetNotice.level < level)
    return db.session.scalar(risen.returning(BudgetNotice.id)) is not None


def _tell(organization: Organization, standing: Standing, budget: Budget, level: int) -> None:
    with i18n.using(organization.locale, organization.timezone):
        context = _context(organization, standing, budget, level)
    mail: dict[str, object] = {
        "template": "budget_notice",
        "to": organizations.billing_emails(organization),
        "context": context,
    }
    if standing.resets_at is not None:
        mail["stale_at"] = standing.resets_at.isoformat()
    meter, window = standing.meter.key, f"{standing.begins_at:%Y-%m-%dT%H:%M}"
    key = f"budget_notice:{organization.public_id}:{meter}:{window}:{budget.amount:f}:{level}"
    tasks.record("send_mail", key, mail, queue="mail")
    data = {"meter": meter, "level": level, "window": standing.begins_at.isoformat()}
    audit.write("usage.budget_level_reached", organization.public_id, organization_id=organization.id, data=data)


def _context(
    organization: Organization, standing: Standing, budget: Budget, level: int
) -> Mapping[str, str | int | bool | None]:
    """Plain values: a mail is composed later, when the budget may be another one."""
    meter = standing.meter
    share = i18n.percent(Decimal(int(standing.used * 100 / budget.amount)))
    return {
        **mail_words.facts(standing),
        "organization": organization.name,
        "level": level,
        "stops": budget.stops,
        "percent": share,
        "budget": wording.amount(meter, budget.amount),
        "left": wording.amount(meter, max(budget.amount - standing.used, Decimal(0))),
        "usage_url": public_url("usage.index", meter=meter.key),
        "budget_url": public_url("usage_budget.show", meter_key=meter.key),
    }
