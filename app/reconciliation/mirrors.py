"""What is a copy of something at Stripe, one table to read from top to bottom."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from app.core.drift import Drift
from app.gateway import invoices as invoices_at_stripe
from app.gateway import payments as payments_at_stripe
from app.gateway import subscriptions as subscriptions_at_stripe
from app.gateway.listing import Page
from app.invoices import comparing as invoices
from app.invoices.models import Invoice
from app.organizations.models import Organization
from app.payments import comparing as payments
from app.payments.models import Payment
from app.subscriptions import comparing as subscriptions
from app.subscriptions.models import Subscription
from app.webhooks.models import InboxEvent

from . import customers


@dataclass(frozen=True)
class Mirror:
    """`page` is asked with where it begins and since when its objects were made, `retrieve` with one id (GatewayNotFound).

    `compare` has what differs between Stripe's records and our rows. `stripe_id` and `owner` are the columns of all that
    we have. `subject` is which object of this type an event speaks of, by type of the event's own object.
    """

    page: Callable[[str | None, datetime | None], Page[Any]]
    retrieve: Callable[[str], Any]
    compare: Callable[[Sequence[Any]], list[Drift]]
    stripe_id: InstrumentedAttribute[Any]
    owner: InstrumentedAttribute[int]
    subject: dict[str, ColumnElement[Any] | InstrumentedAttribute[Any]]


_payment = InboxEvent.payload["data"]["object"]["payment_intent"].as_string()

MIRRORS = {
    "customer": Mirror(
        customers.page,
        customers.retrieve,
        customers.compare,
        Organization.stripe_customer_id,
        Organization.id,
        dict.fromkeys(("customer", "payment_method", "tax_id"), InboxEvent.customer),
    ),
    "subscription": Mirror(
        subscriptions_at_stripe.page,
        subscriptions_at_stripe.retrieve,
        subscriptions.compare,
        Subscription.stripe_id,
        Subscription.organization_id,
        {"subscription": InboxEvent.object_id},
    ),
    "invoice": Mirror(
        invoices_at_stripe.page,
        invoices_at_stripe.retrieve,
        invoices.compare,
        Invoice.stripe_id,
        Invoice.organization_id,
        {"invoice": InboxEvent.object_id},
    ),
    "payment_intent": Mirror(
        payments_at_stripe.page,
        payments_at_stripe.retrieve,
        payments.compare,
        Payment.stripe_id,
        Payment.organization_id,
        {"payment_intent": InboxEvent.object_id, "charge": _payment, "refund": _payment},
    ),
}
"""By Stripe's word for the object, which is also what `webhooks.service.sync` fetches it by."""
