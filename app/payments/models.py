"""The mirror of payments at Stripe: the intent, each try of a card, and what was given back."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from sqlalchemy import ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import ids
from app.core.extensions import Model
from app.core.money import Money
from app.organizations.models import Organization

INVOICE = "invoice"
"""The purpose of a payment whose reference is the number of an invoice."""


class PaymentStatus(StrEnum):
    """Stripe's words for a payment intent (https://docs.stripe.com/api/payment_intents/object#payment_intent_object-status)."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


class RefundStatus(StrEnum):
    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


GONE = {RefundStatus.FAILED, RefundStatus.CANCELED}
"""The money stayed here after all."""


class Payment(Model):
    """`amount` in minor units of `currency`; `purpose` is a word of ours, `reference` what it is about, "" for nothing.

    Written only by `service.absorb`. `synced_at` is machine time: when Stripe was asked for what stands here.
    """

    __tablename__ = "payments"
    __table_args__ = (Index("ix_payments_reference", "organization_id", "purpose", "reference"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("pay"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    stripe_id: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    reference: Mapped[str]
    status: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    created_at: Mapped[datetime]
    synced_at: Mapped[datetime]

    @classmethod
    def of(cls, organization: Organization) -> "Select[Self]":
        return select(cls).where(cls.organization_id == organization.id)

    @property
    def total(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def is_paid(self) -> bool:
        return self.status == PaymentStatus.SUCCEEDED

    @property
    def is_of_invoice(self) -> bool:
        return self.purpose == INVOICE


class Attempt(Model):
    """One try of a card, a charge at Stripe; `failure` is Stripe's sentence for the customer when it was refused."""

    __tablename__ = "payment_attempts"
    __table_args__ = (
        Index("ix_payment_attempts_newest", "organization_id", "made_at", "id"),
        Index("ix_payment_attempts_failed", "made_at", "payment_id", postgresql_where="status = 'failed'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("try"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True)
    stripe_id: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    amount: Mapped[int]
    refunded_amount: Mapped[int]
    brand: Mapped[str]
    last4: Mapped[str]
    failure: Mapped[str | None]
    made_at: Mapped[datetime]

    payment: Mapped[Payment] = relationship(lazy="raise")

    @property
    def total(self) -> Money:
        return Money(self.amount, self.payment.currency)

    @property
    def refunded(self) -> Money:
        return Money(self.refunded_amount, self.payment.currency)

    @property
    def display_status(self) -> str:
        """paid, processing, failed, partly_refunded or refunded."""
        if self.status != "succeeded":
            return "failed" if self.status == "failed" else "processing"
        if not self.refunded_amount:
            return "paid"
        return "refunded" if self.refunded_amount >= self.amount else "partly_refunded"


class Refund(Model):
    """`amount` in minor units of `currency`, given back to the card that paid."""

    __tablename__ = "refunds"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("re"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True)
    stripe_id: Mapped[str] = mapped_column(unique=True)
    amount: Mapped[int]
    currency: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str | None]
    failure_reason: Mapped[str | None]
    created_at: Mapped[datetime]

    @property
    def total(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def is_gone(self) -> bool:
        """It came back, so nothing was given back."""
        return self.status in GONE
