"""A renewal that was not paid: one case per invoice, and a ledger of every attempt to charge it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import ids
from app.core.extensions import Model
from app.invoices.models import Invoice
from app.organizations.models import Organization

from .reasons import Reason, Trouble


class Mode(StrEnum):
    """Who charges again; kept with each case, so that a changed setting leaves those under way alone."""

    APP = "app"
    STRIPE = "stripe"


class CaseState(StrEnum):
    OPEN = "open"  # attempts to come
    EXHAUSTED = "exhausted"  # the last one failed; only the customer can pay now
    STOPPED = "stopped"  # the same, because a member of staff said so
    RECOVERED = "recovered"
    ENDED = "ended"  # unpaid, with the subscription
    VOIDED = "voided"
    WRITTEN_OFF = "written_off"


UNPAID = frozenset({CaseState.OPEN, CaseState.EXHAUSTED, CaseState.STOPPED})
"""From here a case comes to one end, and there is no way back from it."""


class Source(StrEnum):
    """Who made an attempt. Only what was scheduled counts towards the last one."""

    RENEWAL = "renewal"
    SCHEDULE = "schedule"
    STRIPE = "stripe"
    CARD = "card"
    CUSTOMER = "customer"
    STAFF = "staff"


class Outcome(StrEnum):
    PLANNED = "planned"
    PAID = "paid"
    FAILED = "failed"
    PENDING = "pending"  # a bank is at work
    HELD = "held"  # not charged: without another card, or its owner, it would only fail again
    DROPPED = "dropped"  # planned, and not needed any more


class DunningCase(Model):
    """Instants are business time; `next_attempt_at` is None when none is planned.

    `reason` and Stripe's `code` are of the latest attempt; `counted` is how many Stripe made by itself, as far as we heard;
    `refused_cards` are the ids of those that were refused for good.
    """

    __tablename__ = "dunning_cases"
    __table_args__ = (
        Index("ix_dunning_cases_state", "state", "id"),
        Index("ix_dunning_cases_organization_id", "organization_id", "id"),
        Index("ix_dunning_cases_next", "next_attempt_at", "id", postgresql_where="next_attempt_at IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("dun"))
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id))
    invoice_id: Mapped[int] = mapped_column(ForeignKey(Invoice.id), unique=True)
    subscription_stripe_id: Mapped[str | None]
    mode: Mapped[str]
    state: Mapped[str] = mapped_column(default=CaseState.OPEN)
    reason: Mapped[str]
    code: Mapped[str | None]
    counted: Mapped[int]
    refused_cards: Mapped[list[Any]] = mapped_column(default=list)
    opened_at: Mapped[datetime]
    access_ends_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    @classmethod
    def of(cls, invoice: Invoice) -> "Select[Self]":
        return select(cls).where(cls.invoice_id == invoice.id)

    @property
    def is_open(self) -> bool:
        return self.state == CaseState.OPEN

    @property
    def is_unpaid(self) -> bool:
        return self.state in UNPAID

    @property
    def is_ours(self) -> bool:
        """Neither Stripe collects it, nor did a member of staff take it out of our hands."""
        return self.mode == Mode.APP and self.state != CaseState.STOPPED

    @property
    def charged_again_at(self) -> datetime | None:
        """When the card is charged again by itself; at what is planned beyond that, only another card would be."""
        return self.next_attempt_at if self._is_worth_trying else None

    @property
    def _is_worth_trying(self) -> bool:
        """A bank that asks for the owner of the card is asked again by Stripe, but not by us."""
        return self.reason == Reason.DECLINED or (self.mode, self.reason) == (Mode.STRIPE, Reason.AUTHENTICATION)

    @classmethod
    def is_charged_again(cls) -> ColumnElement[bool]:
        """The cases that have a `charged_again_at`."""
        by_stripe = and_(cls.mode == Mode.STRIPE, cls.reason == Reason.AUTHENTICATION)
        return cls.next_attempt_at.is_not(None) & or_(cls.reason == Reason.DECLINED, by_stripe)

    def take(self, trouble: Trouble) -> None:
        """Why it is not paid, as the latest attempt has it."""
        self.reason, self.code = trouble.reason, trouble.code
        if trouble.reason == Reason.REFUSED and trouble.card and trouble.card not in self.refused_cards:
            self.refused_cards = [*self.refused_cards, trouble.card]


class DunningAttempt(Model):
    """A row of the ledger. `position` counts what was scheduled, from 0 for the renewal's own; `amount` in minor units."""

    __tablename__ = "dunning_attempts"
    __table_args__ = (UniqueConstraint("case_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey(DunningCase.id, ondelete="CASCADE"), index=True)
    position: Mapped[int | None]
    source: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    code: Mapped[str | None]
    amount: Mapped[int]
    at: Mapped[datetime]

    @classmethod
    def of(cls, case: DunningCase) -> "Select[Self]":
        """In the order they are made."""
        return select(cls).where(cls.case_id == case.id).order_by(cls.at, cls.id)
