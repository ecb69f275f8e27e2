"""Subscriptions at Stripe: look, and start. What changes a running one stands in `subscription_changes`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import stripe
from stripe import RequestOptions
from stripe.params import SubscriptionCancelParams, SubscriptionCreateParams

from app.core import clock
from app.core.transactions import release

from . import intents, invoices, listing
from .client import client
from .errors import translated
from .listing import Page
from .subscription_records import EXPAND, SubscriptionRecord, record

Params = TypeVar("Params", bound=Mapping[str, object])


def retrieve(stripe_id: str) -> SubscriptionRecord:
    release()
    asked_at = clock.wall()
    with translated():
        return record(client().v1.subscriptions.retrieve(stripe_id, {"expand": EXPAND}), asked_at)


def changed(
    key: str, stripe_id: str, params: Params, call: Callable[[Params, RequestOptions], stripe.Subscription]
) -> SubscriptionRecord:
    """Do `call` to the subscription once for `key`, then look at it.

    Its own answer would not do: Stripe repeats that of the first time, whatever became of it. And a worker that looked
    while the deed was under way asked later than we did, so what it saw from before would stand against what we made.
    """
    if intents.outcome(key) is None:
        intents.perform(key, params, call)
    return retrieve(stripe_id)


def of_customer(customer: str) -> list[SubscriptionRecord]:
    """All that Stripe has not ended: what to look at before creating another."""
    release()
    asked_at = clock.wall()
    with translated():
        expand = [f"data.{field}" for field in EXPAND]
        page = client().v1.subscriptions.list({"customer": customer, "limit": 100, "expand": expand})
        # The list also brings those whose first payment never came.
        return [record(found, asked_at) for found in page.auto_paging_iter() if found.ended_at is None]


def page(after: str | None, since: datetime | None) -> Page[SubscriptionRecord]:
    """All there are, whatever became of them; `since` is when they were made."""
    asked_at = clock.wall()
    return listing.fetch(
        client().v1.subscriptions.list,
        lambda found: record(found, asked_at),
        after=after,
        since=since,
        status="all",
        expand=[f"data.{field}" for field in EXPAND],
    )


@dataclass(frozen=True)
class StartedSubscription:
    """`client_secret` confirms the first payment in the browser; None when nothing is due.

    Then `setup_secret` saves a card for later payments, unless there is one. `total` and `amount_due` are those of the
    first invoice, in minor units: the customer's balance stands between them.
    """

    record: SubscriptionRecord
    client_secret: str | None
    setup_secret: str | None
    total: int
    amount_due: int


SECRET = "latest_invoice.confirmation_secret"  # noqa: S105  # the name of a field, not a secret
SETUP = "pending_setup_intent"


def _started(subscription: stripe.Subscription, asked_at: datetime) -> StartedSubscription:
    invoice: Any = subscription.latest_invoice
    secret = getattr(invoice, "confirmation_secret", None)
    return StartedSubscription(
        record=record(subscription, asked_at),
        client_secret=secret.client_secret if secret else None,
        setup_secret=getattr(subscription.pending_setup_intent, "client_secret", None),
        total=invoice.total,
        amount_due=invoice.amount_due,
    )


def start(
    key: str, *, customer: str, price: str, quantity: int, promotion: str | None, metadata: Mapping[str, str]
) -> StartedSubscription:
    """Create it `incomplete`: it becomes active when the browser has confirmed the first payment.

    `promotion` is the id of a promotion code. Raises IntentSpent for a key that made one before: Stripe would repeat its
    answer of then, whatever became of it; GatewayRefused with `param` discounts for a code that it does not take.
    """
    if intents.outcome(key):
        raise intents.IntentSpent()
    params: SubscriptionCreateParams = {
        "customer": customer,
        "items": [{"price": price, "quantity": quantity}],
        "payment_behavior": "default_incomplete",
        "payment_settings": {"save_default_payment_method": "on_subscription"},
        "metadata": dict(metadata),
        "expand": [SECRET, SETUP, *EXPAND],
    }
    if promotion:
        params["discounts"] = [{"promotion_code": promotion}]
    asked_at = clock.wall()
    made = intents.perform(key, params, lambda p, options: client().v1.subscriptions.create(p, options))
    return _started(made, asked_at)


def start_with_card(
    key: str,
    *,
    customer: str,
    price: str,
    quantity: int,
    payment_method: str,
    metadata: Mapping[str, str],
    promotion: str | None = None,
) -> StartedSubscription:
    """Create it and charge a saved card at once; `incomplete` when the card or its bank did not say yes.

    Raises IntentSpent as `start` does.
    """
    if intents.outcome(key):
        raise intents.IntentSpent()
    params: SubscriptionCreateParams = {
        "customer": customer,
        "items": [{"price": price, "quantity": quantity}],
        "default_payment_method": payment_method,
        "payment_behavior": "allow_incomplete",
        "payment_settings": {"save_default_payment_method": "on_subscription"},
        "metadata": dict(metadata),
        "expand": [SECRET, *EXPAND],
    }
    if promotion:
        params["discounts"] = [{"promotion_code": promotion}]
    asked_at = clock.wall()
    made = intents.perform(key, params, lambda p, options: client().v1.subscriptions.create(p, options))
    return _started(made, asked_at)


def start_trial(
    key: str,
    *,
    customer: str,
    price: str,
    quantity: int,
    promotion: str | None,
    days: int,
    payment_method: str | None,
    without_card: str,
    metadata: Mapping[str, str],
) -> SubscriptionRecord:
    """Create it trialing, once per key; the saved card `payment_method` is charged when the trial ends.

    `without_card` is what Stripe does then if there is none: `cancel`, `pause` or `create_invoice`.
    """
    if known := intents.outcome(key):
        return retrieve(known)
    params: SubscriptionCreateParams = {
        "customer": customer,
        "items": [{"price": price, "quantity": quantity}],
        "trial_period_days": days,
        "trial_settings": {"end_behavior": {"missing_payment_method": without_card}},
        "metadata": dict(metadata),
        "expand": EXPAND,
    }
    if payment_method:
        params["default_payment_method"] = payment_method
    if promotion:
        params["discounts"] = [{"promotion_code": promotion}]
    asked_at = clock.wall()
    made = intents.perform(key, params, lambda p, options: client().v1.subscriptions.create(p, options))
    return record(made, asked_at)


def resume_start(stripe_id: str) -> StartedSubscription:
    """An incomplete subscription again, with the secret of its open first invoice."""
    release()
    asked_at = clock.wall()
    with translated():
        return _started(client().v1.subscriptions.retrieve(stripe_id, {"expand": [SECRET, SETUP, *EXPAND]}), asked_at)


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
    params: SubscriptionCancelParams = {}
    key = f"subscription-abandon:{stripe_id}"
    return changed(key, stripe_id, params, lambda p, options: client().v1.subscriptions.cancel(stripe_id, p, options))
