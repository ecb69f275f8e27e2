"""Test clocks: customers who live in a time of their own."""

import threading

import pytest
import stripe

from sandbox.timed.test_clocks import move
from tests.sandbox.shop import secret_of
from tests.sandbox.waiting import until

DAY, HOUR = 86400, 3600
FROZEN = 1_830_297_600  # 2028-01-01 00:00:00 UTC, a year after the tests' own time


@pytest.fixture
def test_clocks(client):
    return client.v1.test_helpers.test_clocks


@pytest.fixture
def frozen(test_clocks):
    return test_clocks.create({"frozen_time": FROZEN, "name": "Leap year"})


@pytest.fixture
def advance(test_clocks):
    """Advance and wait until it is done."""

    def run(test_clock, to):
        begun = test_clocks.advance(test_clock.id, {"frozen_time": to})
        assert (begun.status, begun.status_details.advancing.target_frozen_time) == ("advancing", to)
        until(lambda: test_clocks.retrieve(test_clock.id).status != "advancing", "the clock to arrive")
        return test_clocks.retrieve(test_clock.id)

    return run


def test_a_clock_is_made_found_and_told_about(test_clocks, frozen, client):
    assert (frozen.status, frozen.frozen_time, frozen.name) == ("ready", FROZEN, "Leap year")
    assert frozen.deletes_after == frozen.created + 30 * DAY
    assert [one.id for one in test_clocks.list().data] == [test_clocks.retrieve(frozen.id).id] == [frozen.id]
    (event,) = client.v1.events.list({"type": "test_helpers.test_clock.*"}).data
    assert (event.type, event.data.object.id) == ("test_helpers.test_clock.created", frozen.id)


def test_everything_of_a_customer_happens_at_the_frozen_time(shop, client, frozen):
    customer = shop.customer(test_clock=frozen.id)
    subscription = shop.subscribe(customer, shop.price())
    invoice = subscription.latest_invoice
    assert customer.test_clock == subscription.test_clock == invoice.test_clock == frozen.id
    assert customer.created == subscription.created == invoice.created == FROZEN
    assert subscription["items"].data[0].current_period_end == FROZEN + 31 * DAY
    (paid,) = client.v1.events.list({"type": "invoice.paid"}).data
    assert paid.created == FROZEN


def test_an_object_is_found_at_its_time_however_a_request_names_it(shop, client, frozen, visitor):
    subscription = shop.subscribe(
        shop.customer(card=None, test_clock=frozen.id), shop.price(), payment_behavior="default_incomplete"
    )
    visitor.confirm(secret_of(subscription), "4000002500003155")
    visitor.authenticate(secret_of(subscription))
    item = client.v1.invoice_items.create({"customer": subscription.customer, "amount": 500, "currency": "usd"})
    charge = client.v1.charges.list({"customer": subscription.customer}).data[0]
    canceled = client.v1.subscriptions.cancel(subscription.id)
    assert (item.date, item.test_clock, charge.created, canceled.canceled_at) == (FROZEN, frozen.id, FROZEN, FROZEN)


def test_advancing_does_what_is_due_for_its_customers_only(shop, client, clock, frozen, advance):
    theirs = shop.subscribe(shop.customer(test_clock=frozen.id), shop.price())
    others = shop.subscribe(shop.customer(), shop.price())
    before = clock.now()
    ready = advance(frozen, FROZEN + 32 * DAY)
    assert (ready.status, ready.frozen_time, ready.status_details.to_dict()) == ("ready", FROZEN + 32 * DAY, {})
    assert [one.status for one in shop.invoices(theirs)] == ["paid", "paid"]
    assert [one.created for one in shop.invoices(theirs)] == [FROZEN, FROZEN + 31 * DAY]
    assert len(shop.invoices(others)) == 1
    assert clock.now() == pytest.approx(before, abs=60)
    paid = client.v1.events.list({"type": "invoice.paid"}).data[0]
    assert paid.created == FROZEN + 31 * DAY + HOUR


def test_turning_the_sandboxs_clock_leaves_them_alone(shop, clock, frozen, test_clocks):
    theirs = shop.subscribe(shop.customer(test_clock=frozen.id), shop.price())
    clock.turn(by="3 years")
    assert len(shop.invoices(theirs)) == 1
    assert test_clocks.retrieve(frozen.id).frozen_time == FROZEN


def test_advancing_is_told_from_start_to_end(shop, frozen, advance, received):
    received()
    advance(frozen, FROZEN + DAY)
    assert received() == ["test_helpers.test_clock.advancing", "test_helpers.test_clock.ready"]


def test_one_advance_goes_two_intervals_of_the_shortest_subscription_at_most(shop, frozen, advance, test_clocks):
    customer = shop.customer(test_clock=frozen.id)
    advance(frozen, FROZEN + 700 * DAY)
    shop.subscribe(customer, shop.price(interval="year"))
    shop.subscribe(customer, shop.price(interval="week"))
    with pytest.raises(stripe.InvalidRequestError, match="2 intervals") as error:
        test_clocks.advance(frozen.id, {"frozen_time": FROZEN + 715 * DAY})
    assert error.value.param == "frozen_time"
    advance(frozen, FROZEN + 714 * DAY)


@pytest.mark.parametrize("to", [FROZEN, FROZEN - 1, FROZEN + 732 * DAY])
def test_a_clock_without_subscriptions_goes_forward_by_two_years_at_most(frozen, test_clocks, to):
    with pytest.raises(stripe.InvalidRequestError) as error:
        test_clocks.advance(frozen.id, {"frozen_time": to})
    assert (error.value.http_status, error.value.param) == (400, "frozen_time")


def test_nobody_may_change_what_is_on_its_way(shop, box, client, frozen, test_clocks, monkeypatch):
    customer = shop.customer(test_clock=frozen.id)
    monkeypatch.setattr(box.mover, "wake", lambda: None)
    test_clocks.advance(frozen.id, {"frozen_time": FROZEN + DAY})
    for deed in (
        lambda: client.v1.customers.update(customer.id, {"name": "Bob"}),
        lambda: test_clocks.advance(frozen.id, {"frozen_time": FROZEN + 2 * DAY}),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="advancement underway"):
            deed()
    assert client.v1.customers.retrieve(customer.id).name == "Ada"


def test_a_deed_that_fails_stops_the_clock_and_is_told(shop, box, client, frozen, test_clocks, monkeypatch, caplog):
    shop.subscribe(shop.customer(test_clock=frozen.id), shop.price())
    monkeypatch.setattr("sandbox.cycle.run", lambda *_: 1 / 0)
    test_clocks.advance(frozen.id, {"frozen_time": FROZEN + 31 * DAY})
    until(lambda: test_clocks.retrieve(frozen.id).status != "advancing", "the clock to stop")
    assert test_clocks.retrieve(frozen.id).status == "internal_failure"
    assert client.v1.events.list().data[0].type == "test_helpers.test_clock.internal_failure"
    assert "ZeroDivisionError" in caplog.text
    box.observation.clear()


def test_their_objects_are_in_no_list_of_everything(shop, client, frozen):
    theirs = shop.customer(test_clock=frozen.id)
    subscription = shop.subscribe(theirs, shop.price())
    ours = shop.customer()
    customers, subscriptions, invoices = client.v1.customers, client.v1.subscriptions, client.v1.invoices
    assert [one.id for one in customers.list().data] == [ours.id]
    assert [one.id for one in customers.list({"test_clock": frozen.id}).data] == [theirs.id]
    assert subscriptions.list().data == invoices.list().data == []
    assert [one.id for one in subscriptions.list({"test_clock": frozen.id}).data] == [subscription.id]
    assert [one.id for one in subscriptions.list({"customer": theirs.id}).data] == [subscription.id]
    assert len(invoices.list({"subscription": subscription.id}).data) == 1


def test_an_existing_customer_can_be_given_a_clock(shop, client, clock, test_clocks, advance):
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price())
    start = clock.now() + DAY
    made = test_clocks.create({"frozen_time": start, "customer": customer.id})
    assert client.v1.customers.retrieve(customer.id).test_clock == made.id
    assert shop.reload(subscription).test_clock == shop.reload(subscription).latest_invoice.test_clock == made.id
    clock.turn(by="3 months")
    assert len(shop.invoices(subscription)) == 1
    advance(made, start + 35 * DAY)
    assert len(shop.invoices(subscription)) == 2


def test_a_customer_has_one_clock_and_no_past(shop, clock, test_clocks, frozen):
    theirs = shop.customer(test_clock=frozen.id)
    ours = shop.customer()
    shop.subscribe(ours, shop.price())
    for params, param in (
        ({"frozen_time": FROZEN, "customer": theirs.id}, "customer"),
        ({"frozen_time": FROZEN, "customer": "cus_nobody"}, "customer"),
        ({"frozen_time": clock.now() - DAY, "customer": ours.id}, "frozen_time"),
        ({"frozen_time": -1}, "frozen_time"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as error:
            test_clocks.create(params)
        assert error.value.param == param
    assert len(test_clocks.list().data) == 1


def test_a_customer_cannot_live_by_a_clock_that_does_not_exist(client):
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.customers.create({"test_clock": "clock_none"})
    assert (error.value.code, error.value.param) == ("resource_missing", "test_clock")


def test_deleting_a_clock_deletes_its_customers(shop, client, frozen, test_clocks, clock, received):
    customer = shop.customer(test_clock=frozen.id)
    subscription = shop.subscribe(customer, shop.price())
    other = shop.customer()
    received()
    assert test_clocks.delete(frozen.id).deleted
    assert received() == [
        "customer.subscription.deleted",
        "customer.deleted",
        "test_helpers.test_clock.deleted",
    ]
    assert client.v1.customers.retrieve(customer.id).deleted
    assert client.v1.customers.retrieve(other.id).name == "Ada"
    assert shop.reload(subscription).status == "canceled"
    clock.turn(by="3 months")
    with pytest.raises(stripe.InvalidRequestError) as error:
        test_clocks.retrieve(frozen.id)
    assert error.value.http_status == 404


def test_idempotency_keys_live_by_the_sandboxs_clock(client, frozen, clock, advance):
    params = {"name": "Ada", "test_clock": frozen.id}
    first = client.v1.customers.create(params, {"idempotency_key": "once"})
    advance(frozen, FROZEN + 10 * DAY)
    assert client.v1.customers.create(params, {"idempotency_key": "once"}).id == first.id


def test_a_reset_in_mid_advance_leaves_nothing(shop, box, frozen, test_clocks, monkeypatch):
    for _ in range(3):
        shop.subscribe(shop.customer(test_clock=frozen.id), shop.price(interval="day"))
    wake = box.mover.wake
    monkeypatch.setattr(box.mover, "wake", lambda: None)
    test_clocks.advance(frozen.id, {"frozen_time": FROZEN + 2 * DAY})
    with box.lock:  # for which the mover waits
        wake()
        record = box.store.need("test_helpers.test_clock", frozen.id)
        move(box, record)
        assert record["status"] == "advancing"
        box.reset()
    until(lambda: "test clocks" not in {one.name for one in threading.enumerate()}, "the mover to end")
    assert box.store.types() == ["webhook_endpoint"]
