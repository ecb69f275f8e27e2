"""The end of subscriptions: what is given back, what is still billed, what is left."""

import pytest
import stripe

from tests.sandbox.shop import amounts

DAY, HOUR = 86400, 3600


@pytest.fixture
def current(shop, clock):
    """A subscription for 31.00 ten days into a month of 31 days."""
    subscription = shop.subscribe(shop.customer(), shop.price(3100))
    clock.turn(by="10 days")
    return subscription


@pytest.fixture
def metered(shop):
    meter = shop.v1.billing.meters.create(
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    )
    return shop.price(3, recurring={"usage_type": "metered", "meter": meter.id})


def use(shop, customer, value):
    payload = {"stripe_customer_id": customer, "value": str(value)}
    shop.v1.billing.meter_events.create({"event_name": "calls", "payload": payload})


def pending(shop):
    return [item.amount for item in shop.v1.invoice_items.list({"pending": True}).data]


def test_without_proration_and_invoice_nothing_pending_is_left(shop, current, received):
    shop.change(current, shop.price(6200))
    assert pending(shop) == [4200, -2100]
    received()
    shop.v1.subscriptions.cancel(current.id)
    assert pending(shop) == []
    assert received() == ["invoiceitem.deleted", "invoiceitem.deleted", "customer.subscription.deleted"]


def test_a_proration_without_an_invoice_waits(shop, current):
    shop.v1.subscriptions.cancel(current.id, {"prorate": True})
    assert pending(shop) == [-2100]
    assert len(shop.invoices(current)) == 1


def test_the_preview_of_a_cancellation_is_its_invoice(shop, metered, clock):
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price(3100), metered)
    use(shop, customer.id, 1500)
    now = clock.turn(by="10 days")
    details = {"cancel_now": True, "proration_date": now}
    shown = shop.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    shop.v1.subscriptions.cancel(subscription.id, {"prorate": True, "invoice_now": True})
    last = shop.reload(subscription).latest_invoice
    assert amounts(shown) == amounts(last) == [-2100, 4500]
    assert (last.status, last.total) == ("paid", 2400)


def test_usage_is_billed_when_a_subscription_ends_as_planned(shop, metered, clock):
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price(3100), metered, cancel_at="min_period_end")
    use(shop, customer.id, 100)
    shown = shop.v1.invoices.create_preview({"subscription": subscription.id})
    clock.turn(to=subscription.cancel_at)
    ended = shop.reload(subscription)
    assert (ended.status, ended.latest_invoice.status) == ("canceled", "draft")
    clock.turn(by="1 hour")
    last = shop.reload(subscription).latest_invoice
    assert (last.status, last.billing_reason) == ("paid", "subscription_cycle")
    assert amounts(shown) == amounts(last) == [300]


def test_an_end_in_the_middle_of_the_period_gives_the_rest_back(shop, current, clock):
    start = current["items"].data[0].current_period_start
    planned = shop.v1.subscriptions.update(current.id, {"cancel_at": start + 21 * DAY})
    assert (pending(shop), planned.cancel_at_period_end) == ([-1000], False)
    assert planned["items"].data[0].current_period_end == start + 31 * DAY
    later = shop.v1.subscriptions.update(current.id, {"cancel_at": start + 26 * DAY})
    assert pending(shop) == [500, -1000]
    assert shop.v1.subscriptions.update(later.id, {"cancel_at": ""}).cancel_at is None
    assert sum(pending(shop)) == 0
    clock.turn(to=start + 31 * DAY)
    assert shop.reload(current).latest_invoice.total == 3100


def test_an_end_can_be_settled_now_or_not_at_all(shop, current):
    start = current["items"].data[0].current_period_start
    shop.v1.subscriptions.update(current.id, {"cancel_at": start + 30 * DAY, "proration_behavior": "none"})
    assert pending(shop) == []
    wish = {"cancel_at": start + 21 * DAY, "proration_behavior": "always_invoice"}
    details = {"subscription": current.id, "subscription_details": wish}
    shown = shop.v1.invoices.create_preview(details)
    shop.v1.subscriptions.update(current.id, wish)
    assert amounts(shown) == amounts(shop.reload(current).latest_invoice) == [-1000]


def test_the_last_period_is_billed_until_the_end(shop, current, clock):
    end = current["items"].data[0].current_period_end
    shop.v1.subscriptions.update(current.id, {"cancel_at": end + 14 * DAY})
    shown = shop.v1.invoices.create_preview({"subscription": current.id})
    clock.turn(to=end)
    assert shown.total == shop.reload(current).latest_invoice.total == 1550  # 14 of February's 28 days
    clock.turn(by="14 days")
    assert shop.reload(current).status == "canceled"


def test_an_upgrade_is_billed_until_the_end_too(shop, current):
    start = current["items"].data[0].current_period_start
    shop.v1.subscriptions.update(current.id, {"cancel_at": start + 21 * DAY, "proration_behavior": "always_invoice"})
    changed = shop.change(current, shop.price(6200), proration_behavior="always_invoice")
    assert changed.latest_invoice.total == pytest.approx(1100, abs=2)


def test_usage_in_a_trial_is_free(shop, metered, clock):
    customer = shop.customer()
    subscription = shop.subscribe(customer, metered, trial_period_days=5)
    use(shop, customer.id, 1000)
    clock.turn(to=subscription.trial_end)
    assert shop.reload(subscription).latest_invoice is None


def test_two_ways_to_end_exclude_each_other(shop, current):
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.v1.subscriptions.update(current.id, {"cancel_at": "min_period_end", "cancel_at_period_end": True})
    assert error.value.param == "cancel_at"
