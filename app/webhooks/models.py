"""The inbox: every event Stripe sent and we acknowledged, until it is handled."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Index, or_
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.extensions import Model


class EventState(StrEnum):
    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"  # nobody here asked for this type
    UNMATCHED = "unmatched"  # of a customer nobody here has, until somebody has
    PARKED = "parked"  # gave up after MAX_ATTEMPTS; a person decides
    DISCARDED = "discarded"  # a person decided


FEW = "state IN ('parked', 'unmatched', 'discarded', 'ignored')"


class InboxEvent(Model):
    """One received event. All instants are machine time but `created_at`, which is Stripe's word."""

    __tablename__ = "inbox_events"
    __table_args__ = (
        Index("ix_inbox_events_due", "id", postgresql_where="state = 'received'"),
        Index("ix_inbox_events_object", "object_id", "state"),
        Index("ix_inbox_events_unmatched", "customer", postgresql_where="state = 'unmatched'"),
        Index("ix_inbox_events_few", "state", "id", postgresql_where=FEW),
        Index("ix_inbox_events_type", "type", "id"),
        Index("ix_inbox_events_customer", "customer", "id", postgresql_where="customer IS NOT NULL"),
        # Events come in the order of time, so a coarse index finds the old ones and costs the doorman nothing.
        Index("ix_inbox_events_age", "received_at", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    api_version: Mapped[str | None]
    object_type: Mapped[str]
    object_id: Mapped[str | None]
    customer: Mapped[str | None]
    payload: Mapped[dict[str, Any]] = mapped_column(deferred=True)  # large, and not looked at
    state: Mapped[str] = mapped_column(default=EventState.RECEIVED)
    created_at: Mapped[datetime]
    received_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None]

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        return (cls.state == EventState.RECEIVED) & or_(cls.retry_at.is_(None), cls.retry_at <= clock.wall())

    @property
    def subject(self) -> str:
        """What a lease is taken on, and what a batch is coalesced by."""
        return self.object_id or self.event_id

    @property
    def is_being_handled(self) -> bool:
        """By a worker, as far as its lease says."""
        return self.lease_until is not None and self.lease_until > clock.wall()
