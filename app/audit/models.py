"""One table: what happened, to what, by whom, when."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.extensions import Model


class Entry(Model):
    """`at` is business time (what a timeline shows), `recorded_at` machine time (what a log is compared with).

    `subject` is a public id; `data` holds ids, codes and amounts, no personal data, so that erasing a person leaves the
    table as it is.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_timeline", "organization_id", "id"),
        Index(
            "ix_audit_entries_subject", "subject", postgresql_where="organization_id IS NULL AND user_id IS NOT NULL"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int | None]
    user_id: Mapped[int | None] = mapped_column(index=True)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    recorded_at: Mapped[datetime] = mapped_column(default=clock.wall)
    request_id: Mapped[str | None]
