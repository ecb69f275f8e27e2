"""Pausing a subscription and letting it run again."""

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


def pause(shop, subscription, **params):
    return shop.v1.subscriptions.pause(subscription.id, {"expand": ["latest_invoice"], **params})


def resume(shop, subscription, **params):
    return shop.v1.subscriptions.resume(subscription.id, {"expand": ["latest_invoice"], **params})


def fail_from_now_on(shop, subscription):
    bad = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": subscription.customer})
    settings = {"invoice_settings": {"default_payment_method": bad.id}}
    shop.v1.customers.update(subscription.customer, settings)


def test_a_pause_stops_everything_and_credits_unused_time(shop, current, clock, received):
    received()
    paused = pause(shop, current)
    assert paused.status == "paused"
    assert paused.status_details.paused.subscription.type == "pause_requested"
    assert paused.status_details.paused.transitioned_at == pytest.approx(clock.now(), abs=60)
    assert received() == ["invoiceitem.created", "customer.subscription.updated", "customer.subscription.paused"]
    assert [item.amount for item in shop.v1.invoice_items.list().data] == [-2100]
    clock.turn(by="3 months")
    assert received() == []
    assert len(shop.invoices(current)) == 1


def test_a_pause_can_be_invoiced_at_once(shop, current):
    paused = pause(shop, current, invoicing_behavior="invoice")
    assert (amounts(paused.latest_invoice), paused.latest_invoice.status) == ([-2100], "paid")
    assert shop.v1.customers.retrieve(current.customer).balance == -2100


@pytest.mark.parametrize(("since", "credit"), [("none", []), ("now", [-2100]), ("item_current_period_start", [-3100])])
def test_how_much_unused_time_counts_is_a_choice(shop, current, since, credit):
    pause(shop, current, bill_for={"unused_time_from": {"type": since}})
    assert [item.amount for item in shop.v1.invoice_items.list().data] == credit


@pytest.mark.parametrize(("through", "billed"), [("now", [300]), ("none", [])])
def test_usage_until_the_pause_is_billed_unless_forgiven(shop, clock, through, billed):
    meter = shop.v1.billing.meters.create(
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    )
    customer = shop.customer()
    price = shop.price(3, recurring={"usage_type": "metered", "meter": meter.id})
    subscription = shop.subscribe(customer, price)
    payload = {"stripe_customer_id": customer.id, "value": "100"}
    shop.v1.billing.meter_events.create({"event_name": "calls", "payload": payload})
    clock.turn(by="1 hour")
    pause(shop, subscription, bill_for={"outstanding_usage_through": {"type": through}})
    assert [item.amount for item in shop.v1.invoice_items.list().data] == billed


def test_what_cannot_be_paused_is_refused(shop, current):
    sent = shop.subscribe(shop.customer(), shop.price(), collection_method="send_invoice", days_until_due=3)
    trialing = shop.subscribe(shop.customer(), shop.price(), trial_period_days=3)
    scheduled = shop.subscribe(shop.customer(), shop.price())
    shop.v1.subscription_schedules.create({"from_subscription": scheduled.id})
    pause(shop, current)
    for subscription in (sent, trialing, scheduled, current):
        with pytest.raises(stripe.InvalidRequestError, match="pause a subscription"):
            pause(shop, subscription)
    with pytest.raises(stripe.InvalidRequestError, match="only resume"):
        resume(shop, trialing)


def test_resuming_waits_for_somebody_to_pay(shop, current, clock, received):
    pause(shop, current)
    now = clock.turn(by="2 months")
    received()
    waiting = resume(shop, current)
    assert (waiting.status, waiting.latest_invoice.status) == ("paused", "open")
    assert (amounts(waiting.latest_invoice), waiting.latest_invoice.attempt_count) == ([-2100, 3100], 0)
    told = ["customer.subscription.updated", "invoice.created", "invoice.finalized", "payment_intent.created"]
    assert received() == told
    with pytest.raises(stripe.InvalidRequestError, match="being resumed"):
        resume(shop, current)
    shop.v1.invoices.pay(waiting.latest_invoice.id)
    resumed = shop.reload(current)
    assert (resumed.status, "status_details" in resumed) == ("active", False)
    assert resumed["items"].data[0].current_period_start == pytest.approx(now, abs=60)
    assert received()[-2:] == ["customer.subscription.updated", "customer.subscription.resumed"]
    clock.turn(by="32 days")
    assert amounts(shop.invoices(current)[-1]) == [3100]


def test_a_resumption_nobody_tries_to_pay_is_voided(shop, current, clock):
    pause(shop, current)
    waiting = resume(shop, current)
    clock.turn(by="22 hours")
    assert shop.reload(current).latest_invoice.status == "open"
    clock.turn(by="2 hours")
    kept = shop.reload(current)
    assert (kept.status, kept.latest_invoice.status) == ("paused", "void")
    assert kept.latest_invoice.id == waiting.latest_invoice.id
    assert resume(shop, current).latest_invoice.status == "open"


def test_a_failed_attempt_resumes_into_arrears(shop, current, clock, received):
    pause(shop, current, bill_for={"unused_time_from": {"type": "none"}})
    fail_from_now_on(shop, current)
    waiting = resume(shop, current)
    received()
    with pytest.raises(stripe.CardError):
        shop.v1.invoices.pay(waiting.latest_invoice.id)
    behind = shop.reload(current)
    assert (behind.status, behind.latest_invoice.next_payment_attempt) == ("past_due", None)
    assert received()[-2:] == ["customer.subscription.updated", "customer.subscription.resumed"]


def test_resuming_on_success_pays_at_once(shop, current):
    pause(shop, current)
    resumed = resume(shop, current, payment_behavior="resume_on_payment_success")
    assert (resumed.status, resumed.latest_invoice.status) == ("active", "paid")


def test_resuming_on_success_stays_paused_until_a_retry_pays(shop, current, clock):
    pause(shop, current)
    fail_from_now_on(shop, current)
    waiting = resume(shop, current, payment_behavior="resume_on_payment_success")
    assert (waiting.status, waiting.latest_invoice.attempt_count) == ("paused", 1)
    clock.turn(by="2 days")
    assert shop.reload(current).latest_invoice.status == "open"
    good = shop.v1.payment_methods.attach("pm_card_visa", {"customer": current.customer})
    shop.v1.customers.update(current.customer, {"invoice_settings": {"default_payment_method": good.id}})
    clock.turn(by="2 days")
    assert shop.reload(current).status == "active"


@pytest.mark.parametrize(("end", "status"), [("void_invoice", "paused"), ("mark_uncollectible", "active")])
def test_a_resumption_invoice_can_be_ended_by_hand(shop, current, end, status):
    pause(shop, current)
    waiting = resume(shop, current)
    getattr(shop.v1.invoices, end)(waiting.latest_invoice.id)
    assert shop.reload(current).status == status


def test_an_unchanged_anchor_goes_on_with_the_running_period(shop, current, clock):
    anchor = current.billing_cycle_anchor
    pause(shop, current, invoicing_behavior="invoice")
    clock.turn(by="5 days")
    params = {"billing_cycle_anchor": {"type": "unchanged"}, "proration_behavior": "always_invoice"}
    resumed = resume(shop, current, **params, payment_behavior="resume_on_payment_success")
    assert (resumed.status, resumed.billing_cycle_anchor) == ("active", anchor)
    assert amounts(resumed.latest_invoice) == [1600]
    assert resumed["items"].data[0].current_period_start == anchor


def test_prorations_of_a_resumption_may_wait(shop, current, clock):
    pause(shop, current, bill_for={"unused_time_from": {"type": "none"}})
    clock.turn(by="5 days")
    resumed = resume(shop, current, billing_cycle_anchor={"type": "unchanged"})
    assert resumed.status == "active"
    assert [item.amount for item in shop.v1.invoice_items.list().data] == [1600, -1600]


def test_pausing_and_resuming_can_be_previewed(shop, current):
    def preview(**details):
        params = {"subscription": current.id, "subscription_details": details}
        return shop.v1.invoices.create_preview({"customer": current.customer, **params})

    assert amounts(preview(pause={"invoicing_behavior": "invoice"})) == [-2100]
    assert shop.reload(current).status == "active"
    with pytest.raises(stripe.InvalidRequestError) as error:
        preview(pause={"invoicing_behavior": "pending_invoice_item"})
    assert error.value.code == "invoice_upcoming_none"
    pause(shop, current)
    with pytest.raises(stripe.InvalidRequestError, match="paused"):
        preview()
    shown = preview(resume_at="now")
    assert amounts(shown) == amounts(resume(shop, current).latest_invoice) == [-2100, 3100]


def test_a_paused_subscription_still_ends_when_it_was_to_end(shop, current, clock):
    shop.v1.subscriptions.update(current.id, {"cancel_at_period_end": True})
    pause(shop, current)
    clock.turn(by="1 month")
    assert shop.reload(current).status == "canceled"


def test_a_paused_subscription_changes_without_money(shop, current):
    pause(shop, current, bill_for={"unused_time_from": {"type": "none"}})
    item = current["items"].data[0].id
    params = {"items": [{"id": item, "quantity": 3}], "proration_behavior": "always_invoice"}
    changed = shop.v1.subscriptions.update(current.id, params)
    assert (changed["items"].data[0].quantity, len(shop.invoices(current))) == (3, 1)
    for params in ({"trial_end": "now"}, {"billing_cycle_anchor": {"type": "now"}}):
        with pytest.raises(stripe.InvalidRequestError) as error:
            shop.v1.subscriptions.update(current.id, params)
        assert error.value.param == next(iter(params))


def test_every_subscription_is_flexible(shop):
    for mode in ({"type": "classic"}, {"type": "flexible", "flexible": {"proration_discounts": "itemized"}}):
        with pytest.raises(stripe.InvalidRequestError, match="does not support"):
            shop.subscribe(shop.customer(), shop.price(), billing_mode=mode)
