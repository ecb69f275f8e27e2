"""What the clock does: renewals, trial ends, retries, cancellations, month ends."""

import time
import types
from datetime import UTC, datetime

import pytest
import requests
import stripe

from sandbox import cycle
from sandbox.billing.subscriptions import periods

DAY, HOUR = 86400, 3600


def instant(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp())


def test_a_renewal_is_a_draft_for_an_hour_and_then_charged(shop, clock, received):
    subscription = shop.subscribe(shop.customer(), shop.price())
    end = subscription["items"].data[0].current_period_end
    received()
    clock.turn(to=end - 3 * DAY)
    assert received() == ["invoice.upcoming"]
    clock.turn(to=end)
    assert received() == ["invoice.created", "customer.subscription.updated"]
    draft = shop.reload(subscription).latest_invoice
    assert (draft.status, draft.billing_reason, draft.automatically_finalizes_at) == (
        "draft",
        "subscription_cycle",
        end + HOUR,
    )
    assert (draft.number, draft.hosted_invoice_url) == (None, None)
    assert draft.lines.data[0].period.start == end
    clock.turn(by="1 hour")
    assert received() == [
        "invoice.finalized",
        "payment_intent.created",
        "payment_intent.succeeded",
        "charge.succeeded",
        "invoice.updated",
        "invoice_payment.paid",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]
    renewed = shop.reload(subscription)
    assert (renewed.status, renewed.latest_invoice.status) == ("active", "paid")
    assert renewed["items"].data[0].current_period_start == end


def test_the_update_at_a_renewal_tells_the_old_periods(shop, clock, client):
    shop.subscribe(shop.customer(), shop.price())
    clock.turn(by="1 month")
    event = client.v1.events.list({"type": "customer.subscription.updated"}).data[0]
    assert set(event.data.previous_attributes.to_dict()) == {"items", "latest_invoice"}
    assert event.request.id is None


def test_a_failed_renewal_is_retried_until_a_new_card_pays(shop, clock, received):
    customer = shop.customer("pm_card_visa")
    subscription = shop.subscribe(customer, shop.price())
    bad = shop.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": bad.id}})
    clock.turn(by="1 month")
    received()
    clock.turn(by="1 hour")
    about_customer = ["customer.updated", "customer.subscription.updated"]
    assert received()[-4:] == ["invoice.updated", "invoice.payment_failed", *about_customer]
    failed = shop.reload(subscription)
    assert (failed.status, failed.latest_invoice.attempt_count) == ("past_due", 1)
    assert failed.latest_invoice.next_payment_attempt == pytest.approx(clock.now() + 3 * DAY, abs=60)
    clock.turn(by="3 days")
    assert shop.reload(subscription).latest_invoice.attempt_count == 2
    good = shop.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": good.id}})
    clock.turn(by="5 days")
    paid = shop.reload(subscription)
    assert (paid.status, paid.latest_invoice.status, paid.latest_invoice.attempt_count) == ("active", "paid", 3)


def test_retries_end_and_can_be_switched_off(shop, clock):
    customer = shop.customer("pm_card_chargeCustomerFail")
    subscription = shop.subscribe(customer, shop.price(), trial_period_days=1)
    clock.turn(by="2 days")
    shop.v1.invoices.update(shop.reload(subscription).latest_invoice.id, {"auto_advance": False})
    assert shop.reload(subscription).latest_invoice.next_payment_attempt is None
    clock.turn(by="20 days")
    assert shop.reload(subscription).latest_invoice.attempt_count == 1


def test_paying_by_hand_counts_no_further_attempt(shop, clock):
    customer = shop.customer("pm_card_chargeCustomerFail")
    subscription = shop.subscribe(customer, shop.price(), trial_period_days=1)
    clock.turn(by="2 days")
    invoice = shop.reload(subscription).latest_invoice
    with pytest.raises(stripe.CardError) as error:
        shop.v1.invoices.pay(invoice.id)
    assert (error.value.code, error.value.error.decline_code) == ("card_declined", "generic_decline")
    good = shop.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    paid = shop.v1.invoices.pay(invoice.id, {"payment_method": good.id})
    assert (paid.status, paid.attempt_count, shop.reload(subscription).status) == ("paid", 1, "active")


def test_a_trial_is_announced_and_becomes_a_paying_subscription(shop, clock, received):
    subscription = shop.subscribe(shop.customer(), shop.price(), trial_period_days=14)
    received()
    clock.turn(to=subscription.trial_end - 3 * DAY)
    assert sorted(received()) == ["customer.subscription.trial_will_end", "invoice.upcoming"]
    clock.turn(to=subscription.trial_end)
    ended = shop.reload(subscription)
    assert (ended.status, ended.latest_invoice.status, ended.latest_invoice.total) == ("active", "draft", 9900)
    clock.turn(by="1 hour")
    assert shop.reload(subscription).latest_invoice.status == "paid"


@pytest.mark.parametrize(
    ("behavior", "status"), [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")]
)
def test_a_trial_without_a_card_ends_as_it_was_told(shop, clock, behavior, status):
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), trial_period_days=7, trial_settings=settings)
    clock.turn(by="8 days")
    ended = shop.reload(subscription)
    assert ended.status == status
    if behavior == "pause":
        assert ended.status_details.paused.subscription.type == "trial_end_without_payment_method"


def test_canceling_at_period_end_keeps_the_plan_until_then(shop, clock, received):
    subscription = shop.subscribe(shop.customer(), shop.price())
    end = subscription["items"].data[0].current_period_end
    details = {"feedback": "too_expensive", "comment": "it is"}
    received()
    planned = shop.v1.subscriptions.update(
        subscription.id, {"cancel_at_period_end": True, "cancellation_details": details}
    )
    assert received() == ["customer.subscription.updated"]
    assert (planned.status, planned.cancel_at) == ("active", end)
    assert planned.cancellation_details.to_dict() | {"reason": 0} == details | {"feedback_option": None, "reason": 0}
    clock.turn(by="1 month")
    gone = shop.reload(subscription)
    assert (gone.status, gone.ended_at) == ("canceled", end)
    assert gone.canceled_at < end
    assert received() == ["customer.subscription.deleted"]
    assert len(shop.invoices(subscription)) == 1


@pytest.mark.parametrize("undo", [{"cancel_at_period_end": False}, {"cancel_at": ""}])
def test_a_planned_cancellation_can_be_taken_back(shop, clock, undo):
    subscription = shop.subscribe(shop.customer(), shop.price())
    planned = shop.v1.subscriptions.update(subscription.id, {"cancel_at": "max_period_end"})
    assert planned.cancel_at == subscription["items"].data[0].current_period_end
    kept = shop.v1.subscriptions.update(subscription.id, undo)
    assert (kept.cancel_at, kept.canceled_at, kept.cancel_at_period_end) == (None, None, False)
    clock.turn(by="2 months")
    assert shop.reload(subscription).status == "active"


def test_canceling_now_stops_collecting(shop, clock, received):
    subscription = shop.subscribe(shop.customer("pm_card_chargeCustomerFail"), shop.price(), trial_period_days=1)
    clock.turn(by="2 days")
    received()
    shop.v1.subscriptions.cancel(subscription.id, {"cancellation_details": {"feedback": "unused"}})
    canceled = shop.reload(subscription)
    assert (canceled.status, canceled.cancellation_details.feedback) == ("canceled", "unused")
    assert (canceled.latest_invoice.status, canceled.latest_invoice.auto_advance) == ("open", False)
    assert received() == ["invoice.updated", "customer.subscription.deleted"]
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.subscriptions.cancel(subscription.id)


def test_canceling_with_proration_gives_the_rest_back(shop, clock):
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price(3100))
    clock.turn(by="10 days")
    shop.v1.subscriptions.cancel(subscription.id, {"prorate": True, "invoice_now": True})
    credit = shop.reload(subscription).latest_invoice
    assert (credit.total, credit.status, credit.amount_due) == (-2100, "paid", 0)
    assert shop.v1.customers.retrieve(customer.id).balance == -2100


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ((2027, 1, 31), [(2, 28), (3, 31), (4, 30), (5, 31), (6, 30)]),
        ((2028, 1, 30), [(2, 29), (3, 30), (4, 30), (5, 30), (6, 30)]),
        ((2027, 1, 29), [(2, 28), (3, 29), (4, 29), (5, 29), (6, 29)]),
    ],
)
def test_month_ends_come_back_to_the_anchors_day(shop, clock, anchor, expected):
    clock.turn(to=instant(*anchor, 12))
    subscription = shop.subscribe(shop.customer(), shop.price())
    late = subscription.billing_cycle_anchor - instant(*anchor, 12)  # the clock runs: perhaps a second
    for month, day in expected:
        end = shop.reload(subscription)["items"].data[0].current_period_end
        assert end == instant(anchor[0], month, day, 12) + late
        clock.turn(to=end)


def test_a_leap_day_bills_on_the_28th_in_other_years():
    anchor = instant(2028, 2, 29)
    ends = [anchor]
    for _ in range(4):
        ends.append(periods.boundary_after(anchor, "year", 1, ends[-1]))
    assert ends[1:] == [instant(2029, 2, 28), instant(2030, 2, 28), instant(2031, 2, 28), instant(2032, 2, 29)]
    assert periods.boundary_before(anchor, "year", 1, ends[4]) == ends[3]


def test_one_jump_and_many_steps_come_to_the_same(shop, clock, box, monkeypatch):
    monkeypatch.setattr("sandbox.clock.time", types.SimpleNamespace(time=lambda: 1_700_000_000.0))

    def history(step: str, times: int):
        box.reset(instant(2027, 1, 31))
        subscription = shop.subscribe(shop.customer(), shop.price())
        for _ in range(times):
            clock.turn(by=step)
        zero = subscription.start_date
        invoices = [
            (one.created - zero, one.status, one.total, one.period_end - zero) for one in shop.invoices(subscription)
        ]
        events = [
            (event["type"], event["created"] - zero) for event in box.events.list(1000) if event["created"] > zero
        ]
        return invoices, events, shop.reload(subscription)["items"].data[0].current_period_end - zero

    assert history(f"{90 * DAY}", 1) == history("3 days", 30)


def test_the_next_thing_to_happen_can_be_jumped_to(shop, clock, url):
    subscription = shop.subscribe(shop.customer(), shop.price())
    end = subscription["items"].data[0].current_period_end
    # The clock runs between the turns.
    assert [clock.turn(to="next") for _ in range(3)] == pytest.approx([end - 3 * DAY, end, end + HOUR], abs=600)
    assert requests.post(f"{url}/_sandbox/clock", json={"to": 5}).status_code == 400
    assert requests.post(f"{url}/_sandbox/clock", json={"by": "a while"}).status_code == 400


def test_nothing_happens_by_itself_in_an_empty_shop(url):
    assert requests.post(f"{url}/_sandbox/clock", json={"to": "next"}).json() == {
        "error": "nothing will happen by itself"
    }


def test_paused_collection_keeps_drafts(shop, clock):
    subscription = shop.subscribe(shop.customer(), shop.price())
    shop.v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": "keep_as_draft"}})
    clock.turn(by="40 days")
    kept = shop.reload(subscription)
    assert (kept.status, kept.latest_invoice.status) == ("active", "draft")
    assert shop.v1.subscriptions.update(subscription.id, {"pause_collection": ""}).pause_collection is None
    for behavior, status in (("void", "void"), ("mark_uncollectible", "uncollectible")):
        shop.v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": behavior}})
        clock.turn(by="1 month")
        assert shop.reload(subscription).latest_invoice.status == status


def test_deleting_a_customer_ends_everything(shop, client):
    customer = shop.customer()
    subscription = shop.subscribe(customer, shop.price())
    assert client.v1.customers.delete(customer.id).deleted
    assert shop.reload(subscription).status == "canceled"
    assert client.v1.customers.retrieve(customer.id).deleted
    assert client.v1.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.update(customer.id, {"name": "Bob"})


def test_what_fell_due_while_the_machine_slept_happens_at_its_time(shop, box, monkeypatch):
    subscription = shop.subscribe(shop.customer(), shop.price(interval="week"))
    week, awake = 7 * DAY, time.time
    monkeypatch.setattr("sandbox.clock.time", types.SimpleNamespace(time=lambda: awake() + 30 * DAY))
    box.clock.run_due()
    invoices = shop.invoices(subscription)
    assert [one.created - invoices[0].created for one in invoices] == [week * number for number in range(5)]
    assert [one.status for one in invoices] == ["paid"] * 5


def test_a_deed_that_fails_holds_up_no_other(shop, box, clock, monkeypatch):
    first, second = (shop.subscribe(shop.customer(), shop.price(interval="week")) for _ in range(2))
    run, awake = cycle.run, time.time

    def fail_for_the_first(box, record):
        if record["id"] == first.id:
            raise RuntimeError("a fault of the sandbox")
        run(box, record)

    monkeypatch.setattr("sandbox.cycle.run", fail_for_the_first)
    monkeypatch.setattr("sandbox.clock.time", types.SimpleNamespace(time=lambda: awake() + 8 * DAY))
    box.clock.run_due()
    assert [len(shop.invoices(one)) for one in (first, second)] == [1, 2]
    assert [one["where"] for one in box.observation.violations] == [f"clock: subscription {first.id}"]
    box.observation.violations.clear()
