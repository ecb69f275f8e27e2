"""Subscriptions at Stripe: look, and start. What changes a running one stands in `subscription_changes`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe
from stripe.params import SubscriptionCancelParams, SubscriptionCreateParams

from app.core import clock
from app.core.transactions import release

from . import intents, invoices
from .client import client
from .errors import translated
from .subscription_records import EXPAND, SubscriptionRecord, record


def retrieve(stripe_id: str) -> SubscriptionRecord:
    release()
    asked_at = clock.wall()
    with translated():
        return record(client().v1.subscriptions.retrieve(stripe_id, {"expand": EXPAND}), asked_at)


def of_customer(customer: str) -> list[SubscriptionRecord]:
    """All that Stripe has not ended: what to look at before creating another."""
    release()
    asked_at = clock.wall()
    with translated():
        expand = [f"data.{field}" for field in EXPAND]
        page = client().v1.subscriptions.list({"customer": customer, "limit": 100, "expand": expand})
        # The list also brings those whose first payment never came.
        return [record(found, asked_at) for found in page.auto_paging_iter() if found.ended_at is None]


@dataclass(frozen=True)
class StartedSubscription:
    """`client_secret` confirms the first payment in the browser; None when nothing is due."""

    record: SubscriptionRecord
    client_secret: str | None


SECRET = "latest_invoice.confirmation_secret"  # noqa: S105  # the name of a field, not a secret


def _started(subscription: stripe.Subscription, asked_at: datetime) -> StartedSubscription:
    invoice: Any = subscription.latest_invoice
    secret = getattr(invoice, "confirmation_secret", None)
    return StartedSubscription(record(subscription, asked_at), secret.client_secret if secret else None)


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
        "expand": [SECRET, *EXPAND],
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
        "expand": EXPAND,
    }
    asked_at = clock.wall()
    made = intents.perform(key, params, lambda p, options: client().v1.subscriptions.create(p, options))
    return record(made, asked_at)


def resume_start(stripe_id: str) -> StartedSubscription:
    """An incomplete subscription again, with the secret of its open first invoice."""
    release()
    asked_at = clock.wall()
    with translated():
        return _started(client().v1.subscriptions.retrieve(stripe_id, {"expand": [SECRET, *EXPAND]}), asked_at)


def abandon(unfinished: SubscriptionRecord, token: str) -> SubscriptionRecord:
    """End an incomplete one because its buyer chose something else; answers it as it then stands.

    Its first invoice is voided before, which Stripe refuses once somebody paid or is paying: canceling outright would
    end what another tab has just paid for, and keep the money. Then nothing is done.
    """
    stripe_id, invoice = unfinished.stripe_id, unfinished.latest_invoice
    is_void = invoice is None or invoices.void(f"invoice-void:{invoice}:{token}", invoice)
    present = retrieve(stripe_id)
    if not is_void or present.status != "incomplete":
        return present
    params: SubscriptionCancelParams = {"expand": EXPAND}
    key = f"subscription-abandon:{stripe_id}"
    asked_at = clock.wall()
    ended = intents.perform(key, params, lambda p, options: client().v1.subscriptions.cancel(stripe_id, p, options))
    return record(ended, asked_at)
