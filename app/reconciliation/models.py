"""Rounds of comparison with Stripe, and what each found."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock, ids
from app.core.extensions import Model


class Scope(StrEnum):
    RECENT = "recent"  # what was made lately, and what events spoke of
    FULL = "full"  # all there is, on both sides


class State(StrEnum):
    OPEN = "open"
    REPAIRED = "repaired"  # fetched and absorbed, and seen to be equal since
    GONE = "gone"  # equal again without us
    IGNORED = "ignored"  # a person decided


class Round(Model):
    """`began_at` is business time, as Stripe's `created`; `started_at`, `heard_at` and `finished_at` are machine time.

    Objects made before `made_since` are left out of a recent round. Events are listed from `heard_since` on; without it,
    only those that were not delivered. `missed` counts the events that Stripe had and nobody here.
    """

    __tablename__ = "reconciliation_rounds"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("rec"))
    key: Mapped[str] = mapped_column(unique=True)
    scope: Mapped[str]
    made_since: Mapped[datetime | None]
    heard_since: Mapped[datetime | None]
    began_at: Mapped[datetime]
    started_at: Mapped[datetime] = mapped_column(default=clock.wall)
    heard_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    fetched: Mapped[int] = mapped_column(default=0)
    missed: Mapped[int] = mapped_column(default=0)
    compared: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)


class Sighting(Model):
    """An object that a full round has met at Stripe; forgotten when the round ends."""

    __tablename__ = "reconciliation_sightings"

    round_id: Mapped[int] = mapped_column(ForeignKey(Round.id, ondelete="CASCADE"), primary_key=True)
    object_type: Mapped[str] = mapped_column(primary_key=True)
    stripe_id: Mapped[str] = mapped_column(primary_key=True)


class Difference(Model):
    """One object that was not what Stripe had. `fields` by name: ours and Stripe's value, nothing for personal data.

    `round_id` is the round that found it last; `error` says why a repair did not help. Instants are machine time.
    """

    __tablename__ = "reconciliation_differences"
    __table_args__ = (
        Index(
            "uq_reconciliation_differences_open",
            "object_type",
            "stripe_id",
            unique=True,
            postgresql_where="state = 'open'",
        ),
        Index("ix_reconciliation_differences_object", "object_type", "stripe_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("dif"))
    object_type: Mapped[str]
    stripe_id: Mapped[str]
    organization_id: Mapped[int | None]
    kind: Mapped[str]
    fields: Mapped[dict[str, Any]]
    is_serious: Mapped[bool]
    state: Mapped[str] = mapped_column(default=State.OPEN)
    round_id: Mapped[int] = mapped_column(ForeignKey(Round.id))
    found_at: Mapped[datetime] = mapped_column(default=clock.wall)
    seen_at: Mapped[datetime] = mapped_column(default=clock.wall)
    settled_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    error: Mapped[str | None]

    @property
    def is_open(self) -> bool:
        return self.state == State.OPEN
