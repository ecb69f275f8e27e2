"""An invoice as Stripe computed it: nothing here is calculated, except what is overdue."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Numeric, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.core import clock, ids
from app.core.extensions import Model
from app.core.money import Money
from app.subscriptions.explanations import lines
from app.subscriptions.explanations.lines import Line

from . import standing

if TYPE_CHECKING:
    from app.organizations.models import Organization


class InvoiceStatus(StrEnum):
    """Stripe's words; its drafts are not kept, because they have neither number nor page."""

    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"


FINAL = {InvoiceStatus.PAID, InvoiceStatus.VOID}


class PdfState(StrEnum):
    NONE = "none"
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class Invoice(Model):
    """Amounts are minor units of `currency`; instants UTC; `buyer`, `taxes` and `payments` as frozen by Stripe.

    But `tried_at` is machine time: when somebody last set out to pay it on a page of ours. `awaits` is what comes with its
    payment, "change" or "return" of the plan; `asks_owner` while the bank of the card waits for its owner.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("organization_id", "number"),
        Index("ix_invoices_number", "number"),
        Index("ix_invoices_newest", "organization_id", "issued_at", "id"),
        Index("ix_invoices_unpaid", "organization_id", postgresql_where="status = 'open'"),
        Index("ix_invoices_issued", "issued_at", "id"),
        Index("ix_invoices_not_paid", "status", "issued_at", "id", postgresql_where="status <> 'paid'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("inv"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    stripe_id: Mapped[str] = mapped_column(unique=True)
    subscription_stripe_id: Mapped[str | None] = mapped_column()
    number: Mapped[str] = mapped_column()
    status: Mapped[str]
    billing_reason: Mapped[str | None] = mapped_column()
    currency: Mapped[str]

    subtotal_amount: Mapped[int]
    discount_amount: Mapped[int]
    tax_amount: Mapped[int]
    total_amount: Mapped[int]
    due_amount: Mapped[int]
    paid_amount: Mapped[int]
    remaining_amount: Mapped[int]
    balance_amount: Mapped[int]

    issued_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    attempt_count: Mapped[int]
    next_payment_attempt_at: Mapped[datetime | None]
    hosted_invoice_url: Mapped[str | None]

    buyer: Mapped[dict[str, Any]]
    taxes: Mapped[list[Any]]
    payments: Mapped[list[Any]]

    pdf_state: Mapped[str] = mapped_column(default=PdfState.NONE)
    pdf_request: Mapped[int] = mapped_column(default=0)
    pdf_path: Mapped[str | None]
    pdf_rendered_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]

    awaits: Mapped[str | None] = column_property(standing.awaits(organization_id, stripe_id, billing_reason))
    asks_owner: Mapped[bool] = column_property(standing.asks_owner(organization_id, number))

    @classmethod
    def of(cls, organization: "Organization") -> "Select[Invoice]":
        """Every way to an invoice of a customer starts here."""
        return select(cls).where(cls.organization_id == organization.id)

    @classmethod
    def overdue(cls) -> ColumnElement[bool]:
        """Open past its date or, when Stripe collects by itself, after an attempt that failed.

        A declined first payment begins nothing and owes nothing: that invoice is only waiting to be paid. So is the
        invoice of a change or a return that comes with its payment.
        """
        attempted = (cls.attempt_count > 0) & cls.billing_reason.is_distinct_from(standing.FIRST) & cls.awaits.is_(None)
        late = (cls.due_at < clock.now()) | attempted
        return (cls.status == InvoiceStatus.OPEN) & (cls.remaining_amount > 0) & late

    @property
    def is_overdue(self) -> bool:
        attempted = self.attempt_count > 0 and self.billing_reason != standing.FIRST and self.awaits is None
        late = attempted or (self.due_at is not None and self.due_at < clock.now())
        return self.is_open and self.remaining_amount > 0 and late

    @property
    def is_open(self) -> bool:
        return self.status == InvoiceStatus.OPEN

    @property
    def can_be_paid(self) -> bool:
        return self.is_open and self.remaining_amount > 0

    @property
    def is_failed_renewal(self) -> bool:
        """Charged by itself, and not paid."""
        return self.billing_reason in standing.RENEWALS and self.attempt_count > 0 and self.can_be_paid

    @property
    def is_paid(self) -> bool:
        return self.status == InvoiceStatus.PAID

    @property
    def display_status(self) -> str:
        """Stripe's word, or one of ours: overdue, awaits_change, awaits_return."""
        if self.can_be_paid and self.awaits:
            return f"awaits_{self.awaits}"
        return "overdue" if self.is_overdue else self.status

    def money(self, amount: int) -> Money:
        return Money(amount, self.currency)

    @property
    def total(self) -> Money:
        return self.money(self.total_amount)

    @property
    def remaining(self) -> Money:
        return self.money(self.remaining_amount)

    @property
    def paid(self) -> Money:
        return self.money(self.paid_amount)


class InvoiceLine(Model):
    """`unit_amount` is in minor units with up to 12 decimals; the service period is half-open.

    `credited` names the lines that a proration gives back a part of; `paid` is that line, if it was known.
    """

    __tablename__ = "invoice_lines"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        Index("ix_invoice_lines_stripe_id", "stripe_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id", ondelete="CASCADE"))
    position: Mapped[int]
    stripe_id: Mapped[str]
    description: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int]
    subtotal_amount: Mapped[int]
    quantity: Mapped[Decimal | None] = mapped_column(Numeric())
    unit_amount: Mapped[Decimal | None] = mapped_column(Numeric())
    price_stripe_id: Mapped[str | None]
    item: Mapped[str | None]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    is_proration: Mapped[bool]
    discounts: Mapped[list[Any]]
    taxes: Mapped[list[Any]]
    credited: Mapped[list[Any]]
    paid: Mapped[dict[str, Any] | None]

    @classmethod
    def of(cls, invoice: Invoice) -> "Select[InvoiceLine]":
        """In Stripe's order."""
        return select(cls).where(cls.invoice_id == invoice.id).order_by(cls.position)

    @property
    def total(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def net_amount(self) -> int:
        """After discounts, before taxes that come on top."""
        return self.amount - sum(discount.amount for discount in lines.discounts(self.discounts))

    @property
    def facts(self) -> Line:
        """What explains the amount."""
        return Line(
            description=self.description,
            currency=self.currency,
            amount=self.amount,
            quantity=self.quantity,
            unit_amount=self.unit_amount,
            period_start=self.period_start,
            period_end=self.period_end,
            is_proration=self.is_proration,
            discounts=lines.discounts(self.discounts),
            taxes=lines.taxes(self.taxes),
            paid=lines.paid_of(self.paid),
        )
