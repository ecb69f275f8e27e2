"""Mails when a meter comes near its limit: at 80, 90 and 100%, each once for a window and a limit.

Recorded in the transaction that counts, behind the lock on the total: what was said is a row that only ever grows.
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
from .reading import Reading
from .standing import Standing
from .windows import Course

LEVELS = (100, 90, 80)
"""Percent of the limit, the highest first: who jumps over several is told of the last."""


class Notice(Model):
    """The highest level that was told of a meter, in the window that began at `begins_at`, with this limit.

    A larger plan has limits of its own in the same window, so that its levels are told as well.
    """

    __tablename__ = "usage_notices"
    __table_args__ = (UniqueConstraint("organization_id", "meter_key", "begins_at", "limit_amount"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    meter_key: Mapped[str]
    begins_at: Mapped[datetime]
    limit_amount: Mapped[Decimal] = mapped_column(Numeric())
    level: Mapped[int]


def reached(standing: Standing) -> int:
    """The highest level that it reaches; 0 below all, and where nothing is limited or included."""
    if not standing.limit:
        return 0
    return next((level for level in LEVELS if standing.used * 100 >= standing.limit * level), 0)


def look(organization: Organization, read: Reading, totals: Iterable[Sums], now: datetime) -> None:
    """Record a mail for each open window whose total passed a level; costs nothing where none was passed.

    `read` is from before the counting. Somebody else may have counted since: then a level seems to be passed again, and its
    row says that it was told.
    """
    for total in totals:
        meter = catalog.current().meter(total.meter_key)
        assert meter is not None, "what was counted is in the catalogue"
        before = read.standing(meter, now)
        after = replace(before, used=total.used)
        known = reached(before) if _was_looked_at(read.course, before) else 0
        # What happened in a window that is over is no news.
        if before.begins_at != total.begins_at or reached(after) <= known:
            continue
        level = reached(after)
        if _is_new(organization, after, level):
            _tell(organization, after, level)


def _was_looked_at(course: Course, before: Standing) -> bool:
    """Whether what was counted before was compared with this limit: not if the plan has changed since."""
    changes = (course.since, course.over_at, course.plan_since)
    return before.counted_at is None or all(before.counted_at >= change for change in changes if change)


def _is_new(organization: Organization, standing: Standing, level: int) -> bool:
    told = insert(Notice).values(
        organization_id=organization.id,
        meter_key=standing.meter.key,
        begins_at=standing.begins_at,
        limit_amount=standing.limit,
        level=level,
    )
    same = ["organization_id", "meter_key", "begins_at", "limit_amount"]
    risen = told.on_conflict_do_update(index_elements=same, set_={"level": level}, where=Notice.level < level)
    return db.session.scalar(risen.returning(Notice.id)) is not None


def _tell(organization: Organization, standing: Standing, level: int) -> None:
    meter = standing.meter.key
    key = (
        f"usage_notice:{organization.public_id}:{meter}:{standing.begins_at:%Y-%m-%dT%H:%M}:{standing.limit:f}:{level}"
    )
    with i18n.using(organization.locale, organization.timezone):
        context = _context(organization, standing, level)
    mail: dict[str, object] = {
        "template": "usage_notice",
        "to": organizations.billing_emails(organization),
        "context": context,
    }
    if standing.resets_at is not None:
        mail["stale_at"] = standing.resets_at.isoformat()
    tasks.record("send_mail", key, mail, queue="mail")
    data = {"meter": meter, "level": level, "window": standing.begins_at.isoformat()}
    audit.write("usage.level_reached", organization.public_id, organization_id=organization.id, data=data)


def _context(organization: Organization, standing: Standing, level: int) -> Mapping[str, str | int | bool | None]:
    """Plain values: a mail is composed later, when the catalogue may say something else."""
    return {
        "organization": organization.name,
        "level": level,
        "behaviour": standing.behaviour,
        "unit": standing.meter.unit,
        "limit": wording.amount(standing.meter, standing.limit or Decimal(0)),
        "left": wording.amount(standing.meter, standing.remaining or Decimal(0)),
        "price": wording.price(standing),
        **mail_words.facts(standing),
        "usage_url": public_url("usage.index", meter=standing.meter.key),
        "plans_url": public_url("catalog.plans"),
    }
