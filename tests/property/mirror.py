"""Our tables against Stripe, field by field, and money against money. Everything here raises AssertionError with `story`."""

from typing import Any

from sqlalchemy import select

from app.core.extensions import db
from app.gateway import payments as payments_gateway
from app.gateway import subscriptions as gateway
from app.invoices.models import Invoice
from app.organizations.models import Organization
from app.payment_methods import service as payment_methods
from app.payment_methods.models import PaymentMethod
from app.payments.models import Attempt, Payment, Refund
from app.subscriptions.models import Subscription
from tests.helpers import Sandbox

NOT_MIRRORED = {"asked_at", "customer", "currency"}
PRICES = {"price", "scheduled_price", "pending_price"}
AMOUNTS = {
    "status": "status",
    "currency": "currency",
    "number": "number",
    "subtotal": "subtotal_amount",
    "total": "total_amount",
    "amount_due": "due_amount",
    "amount_paid": "paid_amount",
    "amount_remaining": "remaining_amount",
    "attempt_count": "attempt_count",
}


def is_like_stripe(sandbox: Sandbox, organization: Organization, story: object = None) -> None:
    """Everything we keep of one customer is what Stripe has of it."""
    db.session.expire_all()
    customer = str(organization.stripe_customer_id)
    for theirs in sandbox.objects("subscriptions", customer=customer, status="all"):
        subscription_is_mirrored(Subscription.of(organization), theirs["id"], story)
    invoices_are_mirrored(sandbox, organization, story)
    payments_are_mirrored(sandbox, organization, story)
    cards_are_mirrored(organization, story)


def subscription_is_mirrored(mine: Any, stripe_id: str, story: object = None) -> None:
    ours = db.session.scalars(mine.where(Subscription.stripe_id == stripe_id)).one_or_none()
    assert ours is not None, (stripe_id, story)
    theirs = {name: value for name, value in vars(gateway.retrieve(stripe_id)).items() if name not in NOT_MIRRORED}
    prices = {name: price.stripe_price_id if (price := getattr(ours, name)) else None for name in PRICES}
    assert {name: getattr(ours, name) for name in theirs.keys() - PRICES} | prices == theirs, (stripe_id, story)


def invoices_are_mirrored(sandbox: Sandbox, organization: Organization, story: object = None) -> None:
    """All but drafts, which are not kept."""
    ours = {invoice.stripe_id: invoice for invoice in db.session.scalars(Invoice.of(organization))}
    theirs = sandbox.objects("invoices", customer=str(organization.stripe_customer_id))
    issued = {one["id"]: one for one in theirs if one["status"] != "draft"}
    assert set(ours) == set(issued), story
    for stripe_id, one in issued.items():
        found = {name: getattr(ours[stripe_id], column) for name, column in AMOUNTS.items()}
        assert found == {name: one[name] for name in AMOUNTS}, (stripe_id, story)


def payments_are_mirrored(sandbox: Sandbox, organization: Organization, story: object = None) -> None:
    """Each try of a card, each refund, and what all of it comes to."""
    customer = str(organization.stripe_customer_id)
    mine = {attempt.stripe_id: attempt for attempt in _all(Attempt, organization)}
    charges = sandbox.objects("charges", customer=customer)
    found = {one.stripe_id: (one.status, one.amount, one.refunded_amount) for one in mine.values()}
    assert found == {one["id"]: (one["status"], one["amount"], one["amount_refunded"]) for one in charges}, story
    for payment in _all(Payment, organization):
        record = payments_gateway.retrieve(payment.stripe_id)
        assert (payment.status, payment.amount) == (record.status, record.amount), story
        refunds = select(Refund).where(Refund.payment_id == payment.id)
        ours = {(one.stripe_id, one.amount, one.status) for one in db.session.scalars(refunds)}
        assert ours == {(one.stripe_id, one.amount, one.status) for one in record.refunds}, story
    paid = sum(one["amount"] - one["amount_refunded"] for one in charges if one["status"] == "succeeded")
    assert paid == sum(one.amount - one.refunded_amount for one in mine.values() if one.status == "succeeded"), story


def cards_are_mirrored(organization: Organization, story: object = None) -> None:
    answer = payment_methods.fetch(str(organization.stripe_customer_id))
    ours = {(one.stripe_id, one.last4, one.exp_month, one.is_default) for one in _all(PaymentMethod, organization)}
    theirs = {(one.stripe_id, one.last4, one.exp_month, one.stripe_id == answer.default) for one in answer.cards}
    assert ours == theirs, story


def _all(model: Any, organization: Organization) -> list[Any]:
    return list(db.session.scalars(select(model).where(model.organization_id == organization.id)))
