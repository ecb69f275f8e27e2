"""Which events each step of a subscription's life makes, in which order, and what they say has changed."""

import pytest

from tests.sandbox.shop import DECLINED, secret_of

PAID = [
    "payment_intent.succeeded",
    "charge.succeeded",
    "invoice.updated",
    "invoice_payment.paid",
    "invoice.paid",
    "invoice.payment_succeeded",
]
REFUSED = ["payment_intent.payment_failed", "charge.failed", "invoice.updated", "invoice.payment_failed"]


@pytest.fixture
def told(client):
    """The events since the last look, oldest first."""
    seen = set()

    def look():
        events = [event for event in client.v1.events.list({"limit": 100}).data[::-1] if event.id not in seen]
        seen.update(event.id for event in events)
        return events

    return look


def types(events):
    return [event.type for event in events]


def previous(events, type):
    """What the one event of a type says was different before."""
    (event,) = [event for event in events if event.type == type]
    return event.data.previous_attributes.to_dict()


@pytest.fixture
def waiting(shop, told):
    """A new subscription that waits for its first payment."""
    ada, price = shop.customer(card=None), shop.price()
    told()
    wish = {"save_default_payment_method": "on_subscription"}
    return shop.subscribe(ada, price, payment_behavior="default_incomplete", payment_settings=wish)


def test_a_subscription_that_waits_for_payment(waiting, told):
    events = told()
    assert types(events) == [
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "payment_intent.created",
    ]
    assert [event.data.object.status for event in events[:3]] == ["incomplete", "draft", "open"]
    assert {event.request.id for event in events} == {waiting.last_response.request_id}


def test_the_first_payment(client, waiting, visitor, told):
    product = waiting["items"].data[0].price.product
    feature = client.v1.entitlements.features.create({"lookup_key": "sso", "name": "Single sign-on"})
    client.v1.products.features.create(product, {"entitlement_feature": feature.id})
    told()
    visitor.confirm(secret_of(waiting))
    events = told()
    assert types(events) == [
        *PAID[:2],
        "payment_method.attached",
        *PAID[2:],
        "customer.subscription.updated",
        "entitlements.active_entitlement_summary.updated",
    ]
    changed = previous(events, "customer.subscription.updated")
    assert changed == {"status": "incomplete", "default_payment_method": None}
    assert previous(events, "invoice.updated") == {
        "status": "open",
        "amount_paid": 0,
        "amount_remaining": 9900,
        "attempted": False,
        "attempt_count": 0,
        "auto_advance": True,
        "status_transitions": {"paid_at": None},
    }


def test_a_first_payment_that_is_declined(waiting, visitor, told):
    told()
    visitor.confirm(secret_of(waiting), DECLINED)
    events = told()
    assert types(events) == REFUSED
    assert previous(events, "invoice.updated") == {"attempted": False, "attempt_count": 0}


def test_a_renewal(shop, clock, told):
    subscription = shop.subscribe(shop.customer(), shop.price())
    period = subscription["items"].data[0].current_period_end
    told()
    clock.turn(to=period - 86400)
    assert types(told()) == ["invoice.upcoming"]
    clock.turn(to=period)
    events = told()
    assert types(events) == ["invoice.created", "customer.subscription.updated"]
    changed = previous(events, "customer.subscription.updated")
    assert set(changed) == {"items", "latest_invoice"}
    assert changed["items"]["data"][0]["current_period_end"] == period
    assert [event.request.id for event in events] == [None, None]
    clock.turn(by="2 hours")
    assert types(told()) == ["invoice.finalized", "payment_intent.created", *PAID]


def test_a_renewal_that_is_declined(shop, clock, told):
    broke = shop.customer("pm_card_chargeCustomerFail")
    subscription = shop.subscribe(broke, shop.price(), trial_period_days=7)
    clock.turn(to=subscription.trial_end)
    told()
    clock.turn(by="2 hours")
    events = told()
    assert types(events) == [
        "invoice.finalized",
        "payment_intent.created",
        *REFUSED,
        "customer.updated",
        "customer.subscription.updated",
    ]
    assert previous(events, "customer.updated") == {"delinquent": False}
    assert previous(events, "customer.subscription.updated") == {"status": "active"}
    assert events[-1].data.object.status == "past_due"


def test_a_trial_whose_card_is_saved(shop, visitor, told):
    ada, price = shop.customer(card=None), shop.price()
    told()
    subscription = shop.subscribe(ada, price, trial_period_days=14, payment_behavior="default_incomplete")
    events = told()
    assert types(events) == [
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "setup_intent.created",
    ]
    assert (events[0].data.object.status, events[4].data.object.total) == ("trialing", 0)
    visitor.confirm(subscription.pending_setup_intent.client_secret)
    assert types(told()) == ["setup_intent.succeeded", "payment_method.attached", "customer.subscription.updated"]


def test_a_cancellation_at_the_end_of_the_period(client, shop, clock, told):
    subscription = shop.subscribe(shop.customer(), shop.price())
    told()
    client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    events = told()
    assert types(events) == ["customer.subscription.updated"]
    changed = previous(events, "customer.subscription.updated")
    assert changed["cancel_at_period_end"] is False
    assert changed["cancel_at"] is None
    clock.turn(to=subscription["items"].data[0].current_period_end)
    assert types(told()) == ["customer.subscription.deleted"]
