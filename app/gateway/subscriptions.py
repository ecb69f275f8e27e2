"""Subscriptions at Stripe: look, start, cancel, keep."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe
from stripe.params import SubscriptionCancelParams, SubscriptionCreateParams, SubscriptionUpdateParams

from app.core import clock
from app.core.transactions import release

from . import intents, invoices
from .client import client
from .errors import translated
from .expandable import id_of
from .times import instant

# Stripe's eight reasons, in the order they are offered (https://docs.stripe.com/api/subscriptions/cancel).
FEEDBACKS = (
    "too_expensive",
    "missing_features",
    "switched_service",
    "unused",
    "customer_service",
    "too_complex",
    "low_quality",
    "other",
)


@dataclass(frozen=True)
class SubscriptionRecord:
    """A subscription with one item. Instants are UTC; `status` is Stripe's word.

    `asked_at` is machine time: whatever happened before it, Stripe's answer knows.
    """

    asked_at: datetime

    stripe_id: str
    customer: str
    status: str
    price: str
    quantity: int
    currency: str
    started_at: datetime
    current_period_start: datetime
    current_period_end: datetime
    trial_end: datetime | None
    cancel_at: datetime | None
    canceled_at: datetime | None
    ended_at: datetime | None
    feedback: str | None
    comment: str | None
    default_payment_method: str | None
    latest_invoice: str | None


def _record(subscription: stripe.Subscription, asked_at: datetime) -> SubscriptionRecord:
    item = subscription["items"].data[0]
    details = subscription.cancellation_details
    return SubscriptionRecord(
        asked_at=asked_at,
        stripe_id=subscription.id,
        customer=str(id_of(subscription.customer)),
        status=subscription.status,
        price=item.price.id,
        quantity=getattr(item, "quantity", None) or 1,  # a metered item has none
        currency=subscription.currency,
        started_at=instant(subscription.start_date),
        current_period_start=instant(item.current_period_start),
        current_period_end=instant(item.current_period_end),
        trial_end=instant(subscription.trial_end),
        cancel_at=_cancel_at(subscription, item.current_period_end),
        canceled_at=instant(subscription.canceled_at),
        ended_at=instant(subscription.ended_at),
        feedback=details.feedback if details else None,
        comment=details.comment if details else None,
        default_payment_method=id_of(subscription.default_payment_method),
        latest_invoice=id_of(subscription.latest_invoice),
    )


def _cancel_at(subscription: stripe.Subscription, period_end: int) -> datetime | None:
    """Stripe says it in two fields; either means that it ends."""
    if subscription.cancel_at is not None:
        return instant(subscription.cancel_at)
    return instant(period_end) if subscription.cancel_at_period_end else None


def retrieve(stripe_id: str) -> SubscriptionRecord:
    release()
    asked_at = clock.wall()
    with translated():
        return _record(client().v1.subscriptions.retrieve(stripe_id), asked_at)


def of_customer(customer: str) -> list[SubscriptionRecord]:
    """All that Stripe has not ended: what to look at before creating another."""
    release()
    asked_at = clock.wall()
    with translated():
        page = client().v1.subscriptions.list({"customer": customer, "limit": 100})
        # The list also brings those whose first payment never came.
        return [_record(found, asked_at) for found in page.auto_paging_iter() if found.ended_at is None]


@dataclass(frozen=True)
class StartedSubscription:
    """`client_secret` confirms the first payment in the browser; None when nothing is due."""

    record: SubscriptionRecord
    client_secret: str | None


SECRET = "latest_invoice.confirmation_secret"  # noqa: S105  # the name of a field, not a secret


def _started(subscription: stripe.Subscription, asked_at: datetime) -> StartedSubscription:
    invoice: Any = subscription.latest_invoice
    secret = getattr(invoice, "confirmation_secret", None)
    return StartedSubscription(_record(subscription, asked_at), secret.client_secret if secret else None)


def start(key: str, *, customer: str, price: str, metadata: Mapping[str, str]) -> StartedSubscription:
    """Create it `incomplete`: it becomes active when the browser has confirmed the first payment.

    Raises IntentSpent for a key that made one before: Stripe would repeat its answer of then, whatever became of it.
    """
    if intents.outcome(key):
        raise intents.IntentSpent()
    params: SubscriptionCreateParams = {
        "customer": customer,
        "items": [{"price": price}],
        "payment_behavior": "default_incomplete",
        "payment_settings": {"save_default_payment_method": "on_subscription"},
        "metadata": dict(metadata),
        "expand": [SECRET],
    }
    asked_at = clock.wall()
    made = intents.perform(key, params, lambda p, options: client().v1.subscriptions.create(p, options))
    return _started(made, asked_at)


def start_trial(
    key: str, *, customer: str, price: str, days: int, payment_method: str, metadata: Mapping[str, str]
) -> SubscriptionRecord:
    """Create it trialing with a card already saved, which is charged when the trial ends; once per key."""
    if known := intents.outcome(key):
        return retrieve(known)
    params: SubscriptionCreateParams = {
        "customer": customer,
        "items": [{"price": price}],
        "trial_period_days": days,
        "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        "default_payment_method": payment_method,
        "metadata": dict(metadata),
    }
    asked_at = clock.wall()
    made = intents.perform(key, params, lambda p, options: client().v1.subscriptions.create(p, options))
    return _record(made, asked_at)


def resume_start(stripe_id: str) -> StartedSubscription:
    """An incomplete subscription again, with the secret of its open first invoice."""
    release()
    asked_at = clock.wall()
    with translated():
        return _started(client().v1.subscriptions.retrieve(stripe_id, {"expand": [SECRET]}), asked_at)


def cancel_at_period_end(key: str, stripe_id: str, *, feedback: str, comment: str) -> SubscriptionRecord:
    details: Any = {"feedback": feedback}
    if comment:
        details["comment"] = comment
    return _update(key, stripe_id, {"cancel_at_period_end": True, "cancellation_details": details})


def keep(key: str, stripe_id: str) -> SubscriptionRecord:
    """Take a cancellation at period end back."""
    return _update(key, stripe_id, {"cancel_at_period_end": False})


def _update(key: str, stripe_id: str, params: SubscriptionUpdateParams) -> SubscriptionRecord:
    """A deed that was done before is not done again: its answer would be of then, so the present is looked at instead."""
    if intents.outcome(key):
        return retrieve(stripe_id)
    asked_at = clock.wall()
    changed = intents.perform(key, params, lambda p, options: client().v1.subscriptions.update(stripe_id, p, options))
    return _record(changed, asked_at)


def abandon(record: SubscriptionRecord, token: str) -> SubscriptionRecord:
    """End an incomplete one because its buyer chose something else; answers it as it then stands.

    Its first invoice is voided before, which Stripe refuses once somebody paid or is paying: canceling outright would
    end what another tab has just paid for, and keep the money. Then nothing is done.
    """
    stripe_id, invoice = record.stripe_id, record.latest_invoice
    is_void = invoice is None or invoices.void(f"invoice-void:{invoice}:{token}", invoice)
    present = retrieve(stripe_id)
    if not is_void or present.status != "incomplete":
        return present
    params: SubscriptionCancelParams = {}
    key = f"subscription-abandon:{stripe_id}"
    asked_at = clock.wall()
    ended = intents.perform(key, params, lambda p, options: client().v1.subscriptions.cancel(stripe_id, p, options))
    return _record(ended, asked_at)
