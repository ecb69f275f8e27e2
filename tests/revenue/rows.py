"""Customers as rows of our tables alone, for what is about reading them."""

from datetime import datetime, timedelta
from typing import Any

from app.catalog.models import Price
from app.core import clock
from app.core.extensions import db
from app.core.transactions import commit
from app.invoices.models import Invoice
from app.organizations.models import Organization
from app.payments.models import Attempt, Payment
from app.revenue.models import Movement
from app.subscriptions.models import Subscription
from app.subscriptions.states import RUNNING


def customer(name: str, price: Price, *, status: str = "active", annual: int = 0, **columns: Any) -> Subscription:
    """One with a subscription, and its line in the book unless it brings in nothing by the year."""
    organization = Organization(name=name, stripe_customer_id=f"cus_{name.replace(' ', '')}")
    db.session.add(organization)
    db.session.flush()
    began = clock.now() - timedelta(days=40)
    known: dict[str, Any] = {
        "stripe_id": f"sub_{name.replace(' ', '')}",
        "status": status,
        "quantity": 1,
        "started_at": began,
        "began_at": began,
        "current_period_start": began,
        "current_period_end": began + timedelta(days=60),
        "ended_at": None if status in RUNNING else clock.now(),
        "synced_at": clock.wall(),
    }
    subscription = Subscription(organization_id=organization.id, price_id=price.id, **known | columns)
    db.session.add(subscription)
    db.session.flush()
    if annual:
        moves(subscription, began, annual, currency=price.currency, status=status)
    commit()
    return subscription


def moves(subscription: Subscription, at: datetime, annual: int, before: int = 0, **columns: Any) -> Movement:
    """A line of the book."""
    known = {"currency": "usd", "kind": "new" if not before else "expansion", "status": "active", "status_before": ""}
    line = Movement(
        organization_id=subscription.organization_id,
        subscription_id=subscription.id,
        at=at,
        annual_amount=annual,
        annual_before=before,
        **known | columns,
    )
    db.session.add(line)
    commit()
    return line


def invoice(subscription: Subscription, number: str, *, refused: int = 0, **columns: Any) -> Invoice:
    """An invoice over ten dollars, for which a card was refused so many times."""
    now, organization = clock.now(), subscription.organization_id
    known: dict[str, Any] = {
        "stripe_id": f"in_{number}",
        "status": "open",
        "billing_reason": "subscription_cycle",
        "currency": "usd",
        **dict.fromkeys(("subtotal_amount", "total_amount", "due_amount", "remaining_amount"), 1000),
        **dict.fromkeys(("discount_amount", "tax_amount", "paid_amount", "balance_amount"), 0),
        "issued_at": now,
        "period_start": now,
        "period_end": now,
        "attempt_count": refused,
        "buyer": {},
        "taxes": [],
        "payments": [],
    }
    made = Invoice(organization_id=organization, number=number, **known | columns)
    payment = Payment(
        organization_id=organization,
        stripe_id=f"pi_{number}",
        purpose="invoice",
        reference=number,
        status="requires_payment_method",
        amount=1000,
        currency="usd",
        created_at=now,
        synced_at=clock.wall(),
    )
    db.session.add_all([made, payment])
    db.session.flush()
    for turn in range(refused):
        card = {"brand": "visa", "last4": "0341", "refunded_amount": 0, "made_at": now}
        names = {"organization_id": organization, "payment_id": payment.id, "stripe_id": f"ch_{number}_{turn}"}
        db.session.add(Attempt(status="failed", amount=1000, failure="Your card was declined.", **card, **names))
    commit()
    return made
