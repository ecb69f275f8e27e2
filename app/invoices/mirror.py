"""From Stripe's record to the values of our rows; nothing is decided here."""

from collections.abc import Mapping
from typing import Any

from app.gateway.invoices import InvoiceRecord, PaymentRecord
from app.gateway.lines import LineRecord
from app.subscriptions.explanations import lines
from app.subscriptions.explanations.lines import Paid

Card = Mapping[str, str]
"""`brand` and `last4` of the card that made a payment."""


def invoice_values(record: InvoiceRecord, cards: Mapping[str, Card]) -> dict[str, Any]:
    """Columns of an invoice; `cards` by the payment's Stripe id, where known."""
    return {
        "subscription_stripe_id": record.subscription,
        "number": record.number,
        "status": record.status,
        "billing_reason": record.billing_reason,
        "currency": record.currency,
        "subtotal_amount": record.subtotal,
        "discount_amount": record.discount,
        "tax_amount": sum(tax.amount for tax in record.taxes),
        "total_amount": record.total,
        "due_amount": record.amount_due,
        "paid_amount": record.amount_paid,
        "remaining_amount": record.amount_remaining,
        "balance_amount": record.starting_balance - record.ending_balance,
        "issued_at": record.issued_at,
        "due_at": record.due_at,
        "paid_at": record.paid_at,
        "voided_at": record.voided_at,
        "period_start": record.period_start,
        "period_end": record.period_end,
        "attempt_count": record.attempt_count,
        "next_payment_attempt_at": record.next_payment_attempt_at,
        "hosted_invoice_url": record.hosted_invoice_url,
        "buyer": _buyer(record),
        "taxes": [{"amount": t.amount, "is_inclusive": t.is_inclusive, "reason": t.reason} for t in record.taxes],
        "payments": [_payment(payment, cards.get(payment.stripe_id, {})) for payment in record.payments],
    }


def line_values(
    invoice_id: int, position: int, currency: str, record: LineRecord, paid: Paid | None = None
) -> dict[str, Any]:
    """Columns of a line; `paid` is what it gives back a part of, where that is known."""
    return {
        "invoice_id": invoice_id,
        "position": position,
        "stripe_id": record.stripe_id,
        "description": record.description,
        "currency": currency,
        "amount": record.amount,
        "subtotal_amount": record.subtotal,
        "quantity": record.quantity,
        "unit_amount": record.unit_amount,
        "price_stripe_id": record.price,
        "item": record.item,
        "period_start": record.period_start,
        "period_end": record.period_end,
        "is_proration": record.is_proration,
        "discounts": lines.stored_discounts(record.discounts),
        "taxes": lines.stored_taxes(record.taxes),
        "credited": list(record.credited),
        "paid": lines.stored_paid(paid),
    }


def _buyer(record: InvoiceRecord) -> dict[str, Any]:
    buyer = record.buyer
    printed = {"fields": [list(field) for field in buyer.fields]} if buyer.fields else {}
    return {
        "name": buyer.name,
        "email": buyer.email,
        "address": buyer.address,
        "tax_ids": [value for _, value in buyer.tax_ids],
        "tax_exempt": buyer.tax_exempt,
        **printed,
    }


def _payment(payment: PaymentRecord, card: Card) -> dict[str, Any]:
    return {
        "stripe_id": payment.stripe_id,
        "amount": payment.amount,
        "paid_at": payment.paid_at.isoformat(),
        "brand": card.get("brand", ""),
        "last4": card.get("last4", ""),
    }
