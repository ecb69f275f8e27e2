"""A plan changes at Stripe: at once when it is paid, at the end of the period when it is scheduled, or not after all."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.catalog.models import Price
from app.core import clock
from app.core.extensions import db
from app.gateway import payment_intents, previews, subscription_changes
from app.gateway.subscription_records import SubscriptionRecord
from app.subscriptions import service
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work

Nexus = Callable[..., Price]


@pytest.fixture
def growth(ada: Browser, subscribe: Callable[..., None]) -> Subscription:
    subscribe(ada, "growth")
    return db.session.scalars(Subscription.of(ada.organization)).one()


def upgrade(subscription: Subscription, price: Price, key: str = "change") -> SubscriptionRecord:
    return subscription_changes.change_now(
        key,
        subscription.stripe_id,
        item=str(subscription.item),
        price=price.stripe_price_id,
        quantity=1,
        proration_date=clock.now(),
        restart=price.interval != subscription.price.interval,
    )


def schedule(subscription: Subscription, price: Price, key: str = "later") -> SubscriptionRecord:
    return subscription_changes.schedule_change(
        key,
        subscription.stripe_id,
        schedule=subscription.schedule,
        price=price.stripe_price_id,
        quantity=1,
    )


def test_what_is_paid_counts_at_once(growth: Subscription, nexus: Nexus):
    record = upgrade(growth, nexus("pro"))
    assert (record.price, record.pending_price) == (nexus("pro").stripe_price_id, None)


def test_what_is_previewed_is_what_is_invoiced(ada: Browser, growth: Subscription, nexus: Nexus, sandbox: Sandbox):
    sandbox.turn_clock("10 days")
    clock.refresh()
    at = clock.now()
    preview = previews.change(
        str(ada.organization.stripe_customer_id),
        growth.stripe_id,
        item=str(growth.item),
        price=nexus("pro").stripe_price_id,
        quantity=1,
        proration_date=at,
        restart=False,
    )
    upgrade(growth, nexus("pro"))
    assert sandbox.objects("invoices")[0]["total"] == preview.total


def test_a_yearly_price_begins_a_new_period(growth: Subscription, nexus: Nexus):
    record = upgrade(growth, nexus("growth", "year"))
    assert record.current_period_end - record.current_period_start > timedelta(days=364)


def test_what_is_not_paid_waits(ada: Browser, growth: Subscription, nexus: Nexus, card: CardForm, sandbox: Sandbox):
    failing = save(ada, card, "4000000000000341")
    subscription_changes.set_default_payment_method("card", growth.stripe_id, failing)
    record = upgrade(growth, nexus("pro"))
    assert (record.price, record.pending_price) == (growth.price.stripe_price_id, nexus("pro").stripe_price_id)
    assert record.pending_expires_at is not None
    given_up = subscription_changes.discard_pending("discard", growth.stripe_id, str(record.latest_invoice))
    assert (given_up.price, given_up.pending_price) == (growth.price.stripe_price_id, None)


def save(browser: Browser, card: CardForm, number: str) -> str:
    customer = str(browser.organization.stripe_customer_id)
    secret = payment_intents.save_card(f"save:{number}", customer=customer, metadata={})
    return str(card.confirm(secret, number)["payment_method"])


def test_a_lower_price_comes_with_the_next_period(growth: Subscription, nexus: Nexus, sandbox: Sandbox, ada: Browser):
    record = schedule(growth, nexus("starter"))
    assert (record.price, record.scheduled_price) == (growth.price.stripe_price_id, nexus("starter").stripe_price_id)
    assert record.scheduled_at == growth.current_period_end
    sandbox.turn_clock("40 days")
    work(sandbox)
    (changed,) = db.session.scalars(Subscription.of(ada.organization))
    assert changed.price_id == nexus("starter").id
    assert changed.scheduled_price is None
    assert changed.portal_state == "active"


def test_a_scheduled_change_can_be_replaced_and_taken_back(growth: Subscription, nexus: Nexus, ada: Browser):
    service.absorb(ada.organization, schedule(growth, nexus("starter")))
    db.session.commit()
    record = schedule(growth, nexus("growth", "year"), "other")
    assert record.scheduled_price == nexus("growth", "year").stripe_price_id
    released = subscription_changes.release_schedule("undo", growth.stripe_id, str(record.schedule))
    assert (released.schedule, released.scheduled_price) == (None, None)
