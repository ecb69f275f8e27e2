"""Invoices as the gateway would hand them over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask

from app.core.extensions import db
from app.gateway.invoices import BuyerRecord, InvoiceRecord, PaymentRecord
from app.gateway.lines import LineRecord
from app.invoices import mirror, service
from app.invoices.document import InvoiceDocument
from app.invoices.models import Invoice, InvoiceLine
from app.organizations.models import Organization

ISSUED = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
MONTH = timedelta(days=30)

LINE = LineRecord(
    stripe_id="il_1",
    description="1 × Growth (at $99.00 / month)",
    amount=9900,
    subtotal=9900,
    quantity=Decimal(1),
    unit_amount=Decimal(9900),
    price="price_1",
    item="si_1",
    period_start=ISSUED,
    period_end=ISSUED + MONTH,
    is_proration=False,
    discounts=(),
    taxes=(),
    credited=(),
)
BUYER = BuyerRecord(
    name="Analytical Engines",
    email="ada@example.com",
    address={"line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB"},
    tax_ids=(("gb_vat", "GB123456789"),),
    tax_exempt="none",
)
PAYMENT = PaymentRecord("inpay_1", 9900, ISSUED + timedelta(minutes=1), "pm_1")
CARDS = {"inpay_1": {"brand": "visa", "last4": "4242"}}

OPEN = InvoiceRecord(
    stripe_id="in_1",
    customer="cus_1",
    subscription="sub_1",
    number="CFL-0001",
    status="open",
    billing_reason="subscription_cycle",
    currency="usd",
    subtotal=9900,
    discount=0,
    total=9900,
    amount_due=9900,
    amount_paid=0,
    amount_remaining=9900,
    starting_balance=0,
    ending_balance=0,
    issued_at=ISSUED,
    due_at=None,
    paid_at=None,
    voided_at=None,
    period_start=ISSUED,
    period_end=ISSUED,
    attempt_count=0,
    next_payment_attempt_at=None,
    hosted_invoice_url=None,
    buyer=BUYER,
    taxes=(),
    payments=(),
    lines=(LINE,),
)


def numbered(n: int, **changes: Any) -> InvoiceRecord:
    """The n-th invoice of a customer, each a month after the one before."""
    return replace(OPEN, stripe_id=f"in_{n}", number=f"CFL-{n:04}", issued_at=ISSUED + MONTH * (n - 1), **changes)


def paid(record: InvoiceRecord = OPEN) -> InvoiceRecord:
    payment = replace(PAYMENT, amount=record.total)
    settled: dict[str, Any] = {
        "amount_paid": record.total,
        "amount_remaining": 0,
        "payments": (payment,) if record.total else (),
    }
    return replace(record, status="paid", paid_at=PAYMENT.paid_at, attempt_count=1, **settled)


def kept(organization: Organization, record: InvoiceRecord = OPEN) -> Invoice:
    """The record in our tables, committed."""
    invoice = service.absorb(organization, record, CARDS)
    db.session.commit()
    return invoice


def document(app: Flask, record: InvoiceRecord, **organization: Any) -> InvoiceDocument:
    """The record as it would be drawn, without a database."""
    invoice = Invoice(**mirror.invoice_values(record, CARDS))
    lines = [
        InvoiceLine(**mirror.line_values(1, position, record.currency, line))
        for position, line in enumerate(record.lines, 1)
    ]
    customer = Organization(**{"name": "Analytical Engines", "locale": "en_US", "timezone": "UTC", **organization})
    return InvoiceDocument.of(invoice, lines, customer, app.extensions["settings"])
