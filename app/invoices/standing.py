"""How an unpaid invoice stands, told by its neighbours: what comes with its payment, and whether a bank waits."""

from typing import Any

from sqlalchemy import ColumnElement, case, exists, or_, select
from sqlalchemy.orm import Mapped

from app.payments.models import INVOICE, Payment, PaymentStatus
from app.subscriptions.models import Subscription
from app.subscriptions.states import Status

FIRST = "subscription_create"
"""Stripe's billing reason of the invoice a subscription begins with."""

UPDATE = "subscription_update"
"""The same of the invoice for a change of a subscription, and for its return from a pause."""

RENEWALS = frozenset({"subscription_cycle", "subscription_threshold"})
"""The same of what a subscription is billed by itself, with nobody there: a period, or usage that came to a threshold."""


def awaits(organization: Mapped[int], invoice: Mapped[str], reason: Mapped[str | None]) -> Any:
    """What comes with the payment of the subscription's latest invoice: "change" or "return"; NULL for nothing.

    Unpaid, the change expires or the plan stays paused, and Stripe voids the invoice: nobody owes it
    (https://docs.stripe.com/billing/subscriptions/pending-updates).
    """
    is_paused, is_changing = Subscription.status == Status.PAUSED, Subscription.pending_price_id.is_not(None)
    waiting = select(case((is_changing, "change"), else_="return")).where(
        Subscription.organization_id == organization,
        Subscription.latest_invoice == invoice,
        reason == UPDATE,
        or_(is_changing, is_paused),
    )
    return waiting.correlate_except(Subscription).scalar_subquery()


def asks_owner(organization: Mapped[int], number: Mapped[str]) -> ColumnElement[bool]:
    """Whether the bank of the card that was charged for it asks for the card's owner."""
    return (
        exists()
        .where(
            Payment.organization_id == organization,
            Payment.purpose == INVOICE,
            Payment.reference == number,
            Payment.status == PaymentStatus.REQUIRES_ACTION,
        )
        .correlate_except(Payment)
    )
