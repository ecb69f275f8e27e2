"""Meters, their events, what they counted, and what that costs."""

import time
from decimal import Decimal

import pytest
import stripe

from sandbox.billing.usage.usage import Tally
from sandbox.core import Sandbox, Settings
from sandbox.server import Server
from tests.sandbox.shop import Shop, client_for

HOUR, DAY = 3600, 86400
MIDNIGHT = 1_798_848_000  # 2027-01-02 00:00:00 UTC, a day after the clock's start


class Meter:
    """A meter with somebody who uses what it counts."""

    def __init__(self, shop, formula="sum", **more):
        self.shop, self.v1 = shop, shop.v1.billing
        params = {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": formula}}
        self.id = self.v1.meters.create({**params, **more}).id
        self.customer = shop.customer()

    def price(self, amount="1", **more):
        return self.shop.price(
            unit_amount_decimal=amount, recurring={"usage_type": "metered", "meter": self.id}, **more
        )

    def report(self, value="1", **more):
        payload = {"stripe_customer_id": self.customer.id, "value": str(value)}
        return self.v1.meter_events.create({"event_name": "calls", "payload": payload, **more})

    def cancel(self, identifier, event_name="calls"):
        params = {"type": "cancel", "event_name": event_name, "cancel": {"identifier": identifier}}
        return self.v1.meter_event_adjustments.create(params)

    def summaries(self, start, end, **more):
        params = {"customer": self.customer.id, "start_time": start, "end_time": end, **more}
        return self.v1.meters.event_summaries.list(self.id, params)

    def total(self, start=MIDNIGHT - 40 * DAY, end=MIDNIGHT + 40 * DAY):
        (summary,) = self.summaries(start, end).data
        return summary.aggregated_value


@pytest.fixture
def meter(shop):
    return Meter(shop)


def test_an_event_is_answered_as_it_was_reported(meter, clock):
    event = meter.report("25", identifier="one", timestamp=clock.now() - 60)
    assert (event.object, event.identifier, event.payload["value"]) == ("billing.meter_event", "one", "25")
    assert event.timestamp == pytest.approx(event.created - 60, abs=30)
    assert len(meter.report().identifier) > 10


@pytest.mark.parametrize(("formula", "total"), [("sum", 9.25), ("count", 3.0), ("last", 4.0)])
def test_a_meter_sums_counts_or_keeps_the_last(shop, clock, formula, total):
    meter, now = Meter(shop, formula), clock.now()
    meter.report("4", timestamp=now)
    meter.report("7.5", timestamp=now - DAY)
    meter.report("-2.25", timestamp=now - 2 * DAY)
    assert meter.total() == total


def test_a_meter_that_counts_needs_no_value(shop):
    meter = Meter(shop, "count")
    meter.v1.meter_events.create({"event_name": "calls", "payload": {"stripe_customer_id": meter.customer.id}})
    assert meter.total() == 1


def test_a_meter_reads_the_keys_it_was_told(shop):
    mapping = {"type": "by_id", "event_payload_key": "who"}
    meter = Meter(shop, customer_mapping=mapping, value_settings={"event_payload_key": "tokens"})
    payload = {"who": meter.customer.id, "tokens": "12", "value": "99"}
    meter.v1.meter_events.create({"event_name": "calls", "payload": payload})
    assert meter.total() == 12


def test_of_an_hour_counted_beforehand_only_the_latest_event_counts(shop, clock):
    meter = Meter(shop, event_time_window="hour")
    clock.turn(to=MIDNIGHT)
    for value, timestamp in ((5, MIDNIGHT - HOUR), (8, MIDNIGHT - 1), (3, MIDNIGHT)):
        meter.report(value, timestamp=timestamp)
    assert meter.total() == 11


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"event_name": "steps"}, "event_name", "no_meter"),
        ({"payload": {"value": "1"}}, "payload[stripe_customer_id]", "meter_event_no_customer_defined"),
        (
            {"payload": {"stripe_customer_id": "cus_no", "value": "1"}},
            "payload[stripe_customer_id]",
            "resource_missing",
        ),
        ({"value": "many"}, "payload[value]", "meter_event_invalid_value"),
        ({"value": "NaN"}, "payload[value]", "meter_event_invalid_value"),
        ({"value": ""}, "payload[value]", "meter_event_invalid_value"),
        ({"value": "1e15"}, "payload[value]", "meter_event_value_too_many_digits"),
        ({"value": "0.0000000000001"}, "payload[value]", "meter_event_value_too_many_digits"),
        ({"ago": 35 * DAY + 60}, "timestamp", "timestamp_too_far_in_past"),
        ({"ago": -400}, "timestamp", "timestamp_in_future"),
    ],
)
def test_what_is_wrong_with_an_event_is_refused(meter, clock, change, param, code):
    if "ago" in change:
        change = {"timestamp": clock.now() - change.pop("ago")}
    with pytest.raises(stripe.InvalidRequestError) as error:
        meter.report(change.pop("value", "1"), **change)
    assert (error.value.param, error.value.code) == (param, code)


def test_an_event_may_be_35_days_old_and_5_minutes_ahead(meter, clock):
    meter.report(timestamp=clock.now() - 35 * DAY + 60)
    meter.report(timestamp=clock.now() + 290)
    assert meter.total() == 2


def test_a_deleted_customer_uses_nothing(meter, client):
    client.v1.customers.delete(meter.customer.id)
    with pytest.raises(stripe.InvalidRequestError) as error:
        meter.report()
    assert error.value.code == "resource_missing"


def test_an_identifier_counts_once_in_24_hours(meter, clock):
    meter.report("5", identifier="one")
    with pytest.raises(stripe.InvalidRequestError) as error:
        meter.report("5", identifier="one")
    assert error.value.param == "identifier"
    clock.turn(by="25 hours")
    meter.report("5", identifier="one")
    assert meter.total() == 10


def test_an_archived_meter_takes_no_events_and_keeps_what_it_counted(meter, client):
    meter.report("5")
    meter.v1.meters.deactivate(meter.id)
    with pytest.raises(stripe.InvalidRequestError) as error:
        meter.report("5")
    assert error.value.code == "archived_meter"
    assert meter.total() == 5


def test_an_event_name_belongs_to_one_active_meter(meter, shop):
    with pytest.raises(stripe.InvalidRequestError) as error:
        Meter(shop)
    assert error.value.param == "event_name"
    meter.v1.meters.deactivate(meter.id)
    second = Meter(shop)
    second.report("7")
    with pytest.raises(stripe.InvalidRequestError):
        meter.v1.meters.reactivate(meter.id)
    with pytest.raises(stripe.InvalidRequestError):
        meter.v1.meters.deactivate(meter.id)
    assert (meter.total(), second.total()) == (0, 7)


def test_a_meter_is_retrieved_renamed_and_listed_by_status(meter):
    assert meter.v1.meters.update(meter.id, {"display_name": "API calls"}).display_name == "API calls"
    assert meter.v1.meters.retrieve(meter.id).display_name == "API calls"
    assert [one.id for one in meter.v1.meters.list({"status": "active"})] == [meter.id]
    assert meter.v1.meters.list({"status": "inactive"}).data == []


def test_an_event_is_taken_back_within_24_hours(meter, clock):
    meter.report("5", identifier="one")
    meter.report("2", identifier="two")
    adjustment = meter.cancel("one")
    assert (adjustment.status, adjustment.cancel.identifier, meter.total()) == ("complete", "one", 2)
    clock.turn(by="25 hours")
    for name, identifier in (("calls", "one"), ("calls", "two"), ("calls", "three"), ("steps", "two")):
        with pytest.raises(stripe.InvalidRequestError) as error:
            meter.cancel(identifier, name)
        assert error.value.param == "cancel[identifier]"
    assert meter.total() == 2


def test_an_event_is_taken_back_only_once(meter):
    meter.report("5", identifier="one")
    meter.cancel("one")
    with pytest.raises(stripe.InvalidRequestError):
        meter.cancel("one")


def test_an_adjustment_names_its_event(meter, box):
    with pytest.raises(stripe.InvalidRequestError) as error:
        meter.v1.meter_event_adjustments.create({"type": "cancel", "event_name": "calls"})
    assert (error.value.param, error.value.code) == ("cancel[identifier]", "parameter_missing")
    box.observation.clear()


def test_summaries_are_grouped_by_hour_and_day_and_paged(meter, clock):
    clock.turn(to=MIDNIGHT + 3 * DAY)
    for timestamp in (MIDNIGHT, MIDNIGHT + HOUR - 1, MIDNIGHT + HOUR, MIDNIGHT + DAY):
        meter.report("2", timestamp=timestamp)
    hours = meter.summaries(MIDNIGHT, MIDNIGHT + 3 * HOUR, value_grouping_window="hour").data
    assert [(one.start_time, one.aggregated_value) for one in hours] == [
        (MIDNIGHT + 2 * HOUR, 0),
        (MIDNIGHT + HOUR, 2),
        (MIDNIGHT, 4),
    ]
    days = meter.summaries(MIDNIGHT, MIDNIGHT + 2 * DAY, value_grouping_window="day", limit=1)
    assert [one.aggregated_value for one in days.auto_paging_iter()] == [2, 6]
    assert meter.total(MIDNIGHT, MIDNIGHT + DAY) == 6


@pytest.mark.parametrize(
    ("start", "end", "window", "param"),
    [
        (MIDNIGHT + 1, MIDNIGHT + HOUR, None, "start_time"),
        (MIDNIGHT, MIDNIGHT + 90, None, "end_time"),
        (MIDNIGHT + 60, MIDNIGHT + HOUR, "hour", "start_time"),
        (MIDNIGHT, MIDNIGHT + HOUR, "day", "end_time"),
        (MIDNIGHT, MIDNIGHT, None, "end_time"),
        (MIDNIGHT - 20_000 * HOUR, MIDNIGHT, "hour", "start_time"),
        (MIDNIGHT, MIDNIGHT + DAY, "week", "value_grouping_window"),
    ],
)
def test_summaries_stand_on_the_boundaries_of_their_window(meter, start, end, window, param):
    with pytest.raises(stripe.InvalidRequestError) as error:
        meter.summaries(start, end, **({"value_grouping_window": window} if window else {}))
    assert error.value.param == param


def test_summaries_are_of_a_customer_who_exists(meter, client):
    params = {"customer": "cus_no", "start_time": MIDNIGHT, "end_time": MIDNIGHT + 60}
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.billing.meters.event_summaries.list(meter.id, params)
    assert error.value.param == "customer"


def tiered(meter):
    tiers = [{"up_to": 100, "unit_amount": 0}, {"up_to": 1000, "unit_amount": 5}, {"up_to": "inf", "unit_amount": 2}]
    recurring = {"usage_type": "metered", "meter": meter.id, "interval": "month"}
    params = {"billing_scheme": "tiered", "tiers_mode": "graduated", "tiers": tiers, "recurring": recurring}
    product = meter.shop.v1.products.create({"name": "Calls"}).id
    return meter.shop.v1.prices.create({"product": product, "currency": "usd", **params})


def test_usage_is_priced_by_tiers(shop, meter, clock):
    subscription = shop.subscribe(meter.customer, tiered(meter))
    meter.report("1100.5")
    clock.turn(by="1 month")
    lines = shop.reload(subscription).latest_invoice.lines.data
    assert sum(line.quantity_decimal for line in lines) == Decimal("1100.5")
    assert sum(line.amount for line in lines) == 4701


@pytest.mark.parametrize(("late", "total"), [("2", 10), ("1000.5", 4701), ("-100", 0)])
def test_late_usage_is_on_the_invoice_that_is_still_a_draft(shop, meter, clock, late, total):
    subscription = shop.subscribe(meter.customer, tiered(meter))
    end = subscription["items"].data[0].current_period_end
    meter.report("100")
    clock.turn(to=end + 60)
    meter.report(late, timestamp=end - 1)
    meter.report("7", timestamp=end)
    assert shop.reload(subscription).latest_invoice.total == 0
    clock.turn(by="1 hour")
    invoice = shop.reload(subscription).latest_invoice
    assert (invoice.status, invoice.total) == ("paid", total)
    assert sum(line.quantity_decimal for line in invoice.lines.data) == 100 + Decimal(late)
    assert {line.period.end for line in invoice.lines.data} == {end}


def test_late_usage_changes_discounts_and_taxes_too(shop, meter, clock):
    coupon = shop.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    rate = shop.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    more = {"discounts": [{"coupon": coupon.id}], "default_tax_rates": [rate.id]}
    subscription = shop.subscribe(meter.customer, meter.price("10"), shop.price(1000), **more)
    end = subscription["items"].data[0].current_period_end
    clock.turn(to=end)
    assert shop.reload(subscription).latest_invoice.total == 550
    meter.report("100", timestamp=end - 1)
    clock.turn(by="1 hour")
    assert shop.reload(subscription).latest_invoice.total == 1100


def test_usage_that_comes_after_the_invoice_is_final_is_not_billed(shop, meter, clock):
    subscription = shop.subscribe(meter.customer, meter.price("10"))
    end = subscription["items"].data[0].current_period_end
    clock.turn(to=end + 2 * HOUR)
    meter.report("100", timestamp=end - 1)
    clock.turn(by="32 days")
    assert [invoice.total for invoice in shop.invoices(subscription)] == [0, 0]


def test_usage_is_billed_at_the_price_it_was_reported_under(shop, meter, clock):
    old, new = meter.price("10"), meter.price("3")
    subscription = shop.subscribe(meter.customer, old)
    meter.report("20")
    clock.turn(by="10 days")
    shop.change(subscription, new)
    meter.report("30")
    meter.report("40", timestamp=clock.now() - DAY)
    clock.turn(by="22 days")
    (invoice,) = shop.invoices(subscription)
    assert sorted((line.quantity, line.amount) for line in invoice.lines.data) == [(20, 200), (30, 90)]


def test_the_usage_of_a_removed_item_is_billed_unless_it_is_to_be_forgotten(shop, meter, clock):
    plan, metered = shop.price(1000), meter.price("10")
    for behavior, total in (("create_prorations", 1200), ("none", 1000)):
        subscription = shop.subscribe(meter.customer, plan, metered)
        meter.report("20")
        clock.turn(by="1 day")
        item = next(one for one in subscription["items"].data if one.price.id == metered.id)
        params = {"items": [{"id": item.id, "deleted": True}], "proration_behavior": behavior}
        shop.v1.subscriptions.update(subscription.id, params)
        clock.turn(by="32 days")
        assert shop.reload(subscription).latest_invoice.total == total
        shop.v1.subscriptions.cancel(subscription.id)


def test_a_new_anchor_bills_the_usage_so_far(shop, meter, clock):
    subscription = shop.subscribe(meter.customer, meter.price("10"))
    meter.report("20")
    clock.turn(by="10 days")
    shop.v1.subscriptions.update(subscription.id, {"billing_cycle_anchor": {"type": "now"}})
    meter.report("5")
    assert [invoice.total for invoice in shop.invoices(subscription)] == [200]
    clock.turn(by="32 days")
    assert [invoice.total for invoice in shop.invoices(subscription)] == [200, 50]


def test_usage_below_nothing_is_billed_as_nothing(shop, meter, clock):
    subscription = shop.subscribe(meter.customer, meter.price("7"))
    meter.report("3")
    meter.report("-5")
    clock.turn(by="1 month")
    (line,) = shop.reload(subscription).latest_invoice.lines.data
    assert (line.quantity, line.amount, meter.total()) == (0, 0, -2)


def test_a_hundred_thousand_events_are_summed_at_once_however_late_they_come():
    tally, began = Tally(), time.thread_time()
    for number in range(100_000):
        tally.add({"id": number, "timestamp": number % 90_000, "value": "0.1"})
    assert tally.total(0, 90_000) == 10_000
    added = time.thread_time()
    for number in range(1000):
        assert tally.total(number * 10, number * 10 + 10) == 2
    # Looking at every event each time would take a hundred times as long as adding them.
    assert time.thread_time() - added < added - began
    tally.add({"id": "late", "timestamp": 5, "value": "7"})
    assert (tally.total(0, 90_000), tally.total(0, 5), tally.latest(0, 6)["id"]) == (10_007, 1, "late")


def test_a_renewal_bills_a_thousand_events(shop, meter, box, clock):
    subscription = shop.subscribe(meter.customer, meter.price("1"))
    event = {"object": "_meter_event", "meter": meter.id, "customer": meter.customer.id, "created": clock.now()}
    with box.transaction():
        for number in range(1000):
            about = {"id": f"mev_{number}", "identifier": f"{number}", "timestamp": clock.now() + number % 50}
            box.store.add({**event, **about, "value": "0.5", "counts": True})
    with pytest.raises(stripe.InvalidRequestError):
        meter.report("0.5", identifier="99")
    clock.turn(by="1 month")
    (line,) = shop.reload(subscription).latest_invoice.lines.data
    assert (line.quantity, line.amount) == (500, 500)


def test_a_rolled_back_event_was_never_counted(meter, box):
    meter.report("5", identifier="one")
    first = box.usage.identified("one")
    with pytest.raises(stripe.InvalidRequestError), box.transaction():
        _fail_after_counting(box, first)
    assert (meter.total(), box.usage.identified("two")) == (5, None)


def _fail_after_counting(box, first):
    box.store.update(first, counts=False)
    box.store.add({**first, "id": "mev_2", "identifier": "two", "value": "9", "counts": True})
    raise stripe.InvalidRequestError("anything", None)


def test_what_was_counted_is_there_after_a_restart(tmp_path):
    settings = Settings(data=str(tmp_path / "stripe.db"), start_at=MIDNIGHT)
    with Server(Sandbox(settings)) as server:
        meter = Meter(Shop(client_for(server.url)))
        meter.report("5", identifier="one")
        meter.report("7", identifier="two")
        meter.cancel("two")
    with Server(Sandbox(settings)) as server:
        meter.v1 = client_for(server.url).v1.billing
        assert meter.total() == 5
        with pytest.raises(stripe.InvalidRequestError) as error:
            meter.report("5", identifier="one")
        assert error.value.param == "identifier"
