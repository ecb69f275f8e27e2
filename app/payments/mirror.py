"""From Stripe's record to the values of our rows; nothing is decided here."""

from typing import Any

from app.gateway.payments import AttemptRecord, PaymentRecord, RefundRecord


def payment_values(record: PaymentRecord) -> dict[str, Any]:
    """Columns of a payment whose truth is Stripe's."""
    return {"status": record.status, "amount": record.amount}


def attempt_values(record: AttemptRecord) -> dict[str, Any]:
    return {
        "status": record.status,
        "amount": record.amount,
        "refunded_amount": record.refunded,
        "brand": record.brand,
        "last4": record.last4,
        "failure": record.failure,
        "made_at": record.made_at,
    }


def refund_values(currency: str, record: RefundRecord) -> dict[str, Any]:
    """Columns of a refund of a payment in `currency`."""
    return {
        "amount": record.amount,
        "currency": currency,
        "status": record.status,
        "reason": record.reason,
        "failure_reason": record.failure_reason,
        "created_at": record.created_at,
    }
