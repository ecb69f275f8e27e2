"""Subscription schedules: plan changes at period ends, taken back, started later, ended in time."""

from datetime import timedelta

import pytest
import stripe

from tests.sandbox.shop import amounts

DAY = 86400


@pytest.fixture
def plans(shop):
    product = shop.v1.products.create({"name": "Plan"}).id
    return [shop.price(amount, product=product) for amount in (6200, 3100)]


@pytest.fixture
def current(shop, plans):
    """A subscription to the dear plan."""
    return shop.subscribe(shop.customer(), plans[0], metadata={"local": "1"})


def kept(schedule):
    """The current phase as an update repeats it."""
    phase = schedule.phases[0]
    items = [{"price": item.price, "quantity": getattr(item, "quantity", None)} for item in phase["items"]]
    return {
        "start_date": schedule.current_phase.start_date,
        "end_date": schedule.current_phase.end_date,
        "items": items,
    }


def downgrade(shop, subscription, price, **more):
    """The three steps of a change at the period's end."""
    schedule = shop.v1.subscription_schedules.create({"from_subscription": subscription.id})
    later = {
        "items": [{"price": price.id, "quantity": 2}],
        "duration": {"interval": "month", "interval_count": 1},
        "proration_behavior": "none",
    }
    phases = [kept(schedule), later]
    params = {"end_behavior": "release", "proration_behavior": "none", "phases": phases, **more}
    return shop.v1.subscription_schedules.update(schedule.id, params)


def price_of(shop, subscription):
    return shop.reload(subscription)["items"].data[0].price.id


def test_a_migrated_subscription_is_its_first_phase(shop, current, plans, received):
    received()
    schedule = shop.v1.subscription_schedules.create({"from_subscription": current.id})
    (phase,), item = schedule.phases, current["items"].data[0]
    assert (schedule.status, schedule.end_behavior, schedule.subscription) == ("active", "release", current.id)
    assert (phase.start_date, phase.end_date) == (item.current_period_start, item.current_period_end)
    assert schedule.current_phase.end_date == phase.end_date
    assert (phase["items"][0].price, phase["items"][0].quantity, phase.metadata["local"]) == (plans[0].id, 1, "1")
    assert shop.reload(current).schedule == schedule.id
    assert received() == ["subscription_schedule.created", "customer.subscription.updated"]


def test_a_downgrade_waits_for_the_end_of_the_period(shop, current, plans, clock, received, client):
    schedule = downgrade(shop, current, plans[1])
    end = schedule.current_phase.end_date
    assert [phase.start_date for phase in schedule.phases][1] == end
    assert price_of(shop, current) == plans[0].id
    assert len(shop.invoices(current)) == 1
    received()
    clock.turn(to=end)
    assert received() == [
        "invoice.upcoming",
        "subscription_schedule.updated",
        "customer.subscription.updated",
        "invoice.created",
        "customer.subscription.updated",
    ]
    (item,) = shop.reload(current)["items"].data
    assert (item.id, item.price.id, item.quantity) == (current["items"].data[0].id, plans[1].id, 2)
    assert item.current_period_start == end
    renewal = shop.invoices(current)[-1]
    assert (amounts(renewal), renewal.billing_reason, renewal.status) == ([6200], "subscription_cycle", "draft")
    assert client.v1.subscription_schedules.retrieve(schedule.id).current_phase.start_date == end
    clock.turn(by="40 days")
    over = client.v1.subscription_schedules.retrieve(schedule.id)
    assert (over.status, over.current_phase, over.subscription) == ("completed", None, None)
    assert (over.completed_at, over.released_subscription) == (schedule.phases[1].end_date, current.id)
    reloaded = shop.reload(current)
    assert (reloaded.schedule, reloaded.status, amounts(reloaded.latest_invoice)) == (None, "active", [6200])


def test_the_renewal_bills_the_new_price_however_late_the_change_was_planned(shop, current, plans, clock):
    """The subscription's own renewal was on the agenda long before the schedule's phase."""
    end = current["items"].data[0].current_period_end
    clock.turn(to=end - 60)
    downgrade(shop, current, plans[1])
    clock.turn(to=end + 7200)
    assert [amounts(one) for one in shop.invoices(current)] == [[6200], [6200]]
    assert shop.invoices(current)[-1].lines.data[0].quantity == 2
    assert price_of(shop, current) == plans[1].id


def test_one_jump_and_many_steps_change_the_plan_alike(shop, current, plans, clock):
    downgrade(shop, current, plans[1])
    for _ in range(80):
        clock.turn(by="1 day")
    assert [one.total for one in shop.invoices(current)] == [6200, 6200, 6200]
    assert [one.status for one in shop.invoices(current)] == ["paid"] * 3


def test_release_leaves_the_subscription_as_it_was(shop, current, plans, clock, received, client):
    before = shop.reload(current).to_dict(for_json=True)
    schedule = downgrade(shop, current, plans[1])
    received()
    released = client.v1.subscription_schedules.release(schedule.id)
    assert (released.status, released.subscription, released.current_phase) == ("released", None, None)
    assert (released.released_subscription, released.released_at) == (current.id, pytest.approx(clock.now(), abs=60))
    assert received() == ["subscription_schedule.released", "customer.subscription.updated"]
    assert shop.reload(current).to_dict(for_json=True) == before
    clock.turn(by="40 days")
    assert [one.total for one in shop.invoices(current)] == [6200, 6200]
    with pytest.raises(stripe.InvalidRequestError, match="currently in the `released` status"):
        client.v1.subscription_schedules.release(schedule.id)


def test_from_subscription_comes_alone(shop, current, plans, client):
    create = client.v1.subscription_schedules.create
    with pytest.raises(stripe.InvalidRequestError, match="cannot set `phases` if `from_subscription`"):
        create({"from_subscription": current.id, "phases": [{"items": [{"price": plans[1].id}]}]})
    schedule = create({"from_subscription": current.id})
    with pytest.raises(stripe.InvalidRequestError, match=f"already attached to a schedule: `{schedule.id}`"):
        create({"from_subscription": current.id})
    incomplete = shop.subscribe(shop.customer(None), plans[0], payment_behavior="default_incomplete")
    with pytest.raises(stripe.InvalidRequestError, match="`incomplete` status"):
        create({"from_subscription": incomplete.id})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"start_date": None}, "missing at least one phase with a `start_date`"),
        ({"start_date": timedelta(seconds=100)}, "can not modify the start date of the current phase"),
        ({"end_date": timedelta(seconds=1)}, "can only adjust the end date to a future date"),
        ({"end_date": timedelta(0)}, "must be after its start date"),
        ({"duration": {"interval": "month"}}, "only specify one of these parameters"),
        ({"trial_end": 1_898_761_600}, "must end within its phase"),
        ({"billing_thresholds": {"amount_gte": 1000}}, "does not support"),
        ({"discounts": [{"coupon": "nope"}]}, "No such coupon"),
    ],
)
def test_a_wrong_running_phase_is_refused(shop, current, client, clock, change, complaint):
    """A span in a change is counted from the start of the phase."""
    clock.turn(by="1 day")
    schedule = client.v1.subscription_schedules.create({"from_subscription": current.id})
    start = schedule.current_phase.start_date
    phase = {
        name: start + value.seconds if isinstance(value, timedelta) else value
        for name, value in {**kept(schedule), **change}.items()
        if value is not None
    }
    with pytest.raises(stripe.InvalidRequestError, match=complaint):
        client.v1.subscription_schedules.update(schedule.id, {"phases": [phase]})


def test_phases_follow_each_other(shop, current, plans, client):
    schedule = client.v1.subscription_schedules.create({"from_subscription": current.id})
    gap = {"items": [{"price": plans[1].id}], "start_date": schedule.current_phase.end_date + 60}
    with pytest.raises(stripe.InvalidRequestError, match="starts when the one before it ends") as error:
        client.v1.subscription_schedules.update(schedule.id, {"phases": [kept(schedule), gap]})
    assert error.value.param == "phases[1][start_date]"


def test_iterations_are_no_longer_known(current, plans, client, box):
    schedule = client.v1.subscription_schedules.create({"from_subscription": current.id})
    phases = [{**kept(schedule), "iterations": 2}]
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.subscription_schedules.update(schedule.id, {"phases": phases})
    assert (error.value.code, error.value.param) == ("parameter_unknown", "phases[0][iterations]")
    box.observation.violations.clear()


def test_what_is_not_played_is_refused_by_name(current, plans, client):
    customer = current.customer
    phases = [{"items": [{"price": plans[0].id}]}]
    for params in (
        {"end_behavior": "renew"},
        {"start_date": 1_700_000_000},
        {"default_settings": {"on_behalf_of": "acct_1"}},
        {"pause_schedules": [{"key": "a"}]},
        {"billing_mode": {"type": "classic"}},
    ):
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.subscription_schedules.create({"customer": customer, "phases": phases, **params})
        assert error.value.code == "parameter_unsupported"


def test_a_change_of_the_running_phase_counts_at_once(shop, current, plans, clock, client):
    schedule = client.v1.subscription_schedules.create({"from_subscription": current.id})
    clock.turn(by="10 days")
    phase = {**kept(schedule), "items": [{"price": plans[0].id, "quantity": 2}], "metadata": {"team": "b"}}
    params = {"phases": [phase], "proration_behavior": "always_invoice"}
    client.v1.subscription_schedules.update(schedule.id, params)
    changed = shop.reload(current)
    assert changed["items"].data[0].quantity == 2
    assert changed.metadata.to_dict() == {"local": "1", "team": "b"}
    assert (changed.latest_invoice.total, changed.latest_invoice.status) == (4200, "draft")
    clock.turn(by="1 hour")
    assert shop.reload(current).latest_invoice.status == "paid"


def test_the_running_phase_can_end_now(shop, current, plans, clock, client):
    schedule = client.v1.subscription_schedules.create({"from_subscription": current.id})
    clock.turn(by="10 days")
    phases = [{**kept(schedule), "end_date": "now"}, {"items": [{"price": plans[1].id}]}]
    updated = client.v1.subscription_schedules.update(schedule.id, {"phases": phases})
    assert updated.current_phase.start_date == updated.phases[1].start_date == pytest.approx(clock.now(), abs=60)
    assert price_of(shop, current) == plans[1].id
    pending = client.v1.invoice_items.list({"customer": current.customer, "pending": True}).data
    assert sorted(one.amount for one in pending) == [-4200, 2100]


def test_while_a_schedule_is_attached_only_it_can_end_the_subscription(shop, current, plans, client):
    schedule = downgrade(shop, current, plans[1])
    for params in ({"cancel_at_period_end": True}, {"cancel_at": 1_898_761_600}):
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.subscriptions.update(current.id, params)
        assert f"managed by the subscription schedule `{schedule.id}`" in str(error.value)
        assert "Please update the schedule instead." in str(error.value)


def test_a_direct_change_changes_the_running_phase(shop, current, plans, client, clock):
    schedule = downgrade(shop, current, plans[1])
    item = {"id": current["items"].data[0].id, "quantity": 3}
    client.v1.subscriptions.update(current.id, {"items": [item], "proration_behavior": "none"})
    shown = client.v1.subscription_schedules.retrieve(schedule.id)
    assert [phase["items"][0].quantity for phase in shown.phases] == [3, 2]
    clock.turn(to=schedule.current_phase.end_date)
    assert shop.reload(current)["items"].data[0].quantity == 2


def test_a_discount_taken_from_the_subscription_leaves_the_running_phase(shop, plans, client):
    coupon = client.v1.coupons.create({"percent_off": 10, "duration": "forever"})
    subscription = shop.subscribe(shop.customer(), plans[0], discounts=[{"coupon": coupon.id}])
    schedule = client.v1.subscription_schedules.create({"from_subscription": subscription.id})
    assert schedule.phases[0].discounts[0].discount == subscription.discounts[0]
    client.v1.subscriptions.delete_discount(subscription.id)
    assert client.v1.subscription_schedules.retrieve(schedule.id).phases[0].discounts == []


def test_canceling_the_subscription_cancels_its_schedule(shop, current, plans, client, received):
    schedule = downgrade(shop, current, plans[1])
    received()
    client.v1.subscriptions.cancel(current.id)
    assert "subscription_schedule.canceled" in received()
    assert client.v1.subscription_schedules.retrieve(schedule.id).status == "canceled"


def test_canceling_the_schedule_ends_the_subscription(shop, current, plans, client, clock, received):
    schedule = downgrade(shop, current, plans[1])
    clock.turn(by="10 days")
    received()
    canceled = client.v1.subscription_schedules.cancel(schedule.id)
    assert (canceled.status, canceled.canceled_at) == ("canceled", pytest.approx(clock.now(), abs=60))
    names = received()
    assert names.count("subscription_schedule.canceled") == names.count("customer.subscription.deleted") == 1
    ended = shop.reload(current)
    assert (ended.status, ended.latest_invoice.total) == ("canceled", -4200)
    with pytest.raises(stripe.InvalidRequestError, match="You cannot cancel a subscription schedule"):
        client.v1.subscription_schedules.cancel(schedule.id)
    with pytest.raises(stripe.InvalidRequestError, match="You cannot update a subscription schedule"):
        client.v1.subscription_schedules.update(schedule.id, {"metadata": {"a": "b"}})


def test_canceling_can_leave_money_alone(shop, current, plans, client):
    schedule = downgrade(shop, current, plans[1])
    client.v1.subscription_schedules.cancel(schedule.id, {"invoice_now": False, "prorate": False})
    assert len(shop.invoices(current)) == 1


def test_a_schedule_can_end_the_subscription(shop, current, plans, clock, client, received):
    schedule = downgrade(shop, current, plans[1], end_behavior="cancel")
    end = schedule.phases[1].end_date
    assert shop.reload(current).cancel_at == end
    received()
    clock.turn(to=end)
    names = received()
    assert names.count("subscription_schedule.expiring") == 1
    assert names.index("subscription_schedule.completed") < names.index("customer.subscription.deleted")
    over = client.v1.subscription_schedules.retrieve(schedule.id)
    assert (over.status, over.completed_at, shop.reload(current).status) == ("completed", end, "canceled")
    assert [one.total for one in shop.invoices(current)] == [6200, 6200]


@pytest.mark.parametrize("preserve", [False, True])
def test_release_takes_the_end_along_unless_it_is_to_be_kept(shop, current, plans, client, preserve):
    schedule = downgrade(shop, current, plans[1], end_behavior="cancel")
    client.v1.subscription_schedules.release(schedule.id, {"preserve_cancel_date": preserve})
    assert shop.reload(current).cancel_at == (schedule.phases[1].end_date if preserve else None)


def test_a_subscription_that_was_to_end_still_does(shop, current, client):
    client.v1.subscriptions.update(current.id, {"cancel_at_period_end": True})
    schedule = client.v1.subscription_schedules.create({"from_subscription": current.id})
    assert schedule.end_behavior == "cancel"
    client.v1.subscription_schedules.release(schedule.id)
    assert shop.reload(current).cancel_at_period_end


def test_a_subscription_starts_when_its_schedule_says(shop, plans, clock, client, received):
    customer = shop.customer()
    start = clock.now() + 5 * DAY
    params = {
        "customer": customer.id,
        "start_date": start,
        "metadata": {"order": "1"},
        "phases": [{"items": [{"price": plans[1].id}], "duration": {"interval": "month", "interval_count": 3}}],
    }
    schedule = client.v1.subscription_schedules.create(params)
    assert (schedule.status, schedule.current_phase, schedule.subscription) == ("not_started", None, None)
    assert [one.id for one in client.v1.subscription_schedules.list({"scheduled": True}).data] == [schedule.id]
    received()
    clock.turn(to=start)
    names = received()
    assert names[:3] == ["subscription_schedule.updated", "customer.subscription.created", "invoice.created"]
    started = client.v1.subscription_schedules.retrieve(schedule.id, {"expand": ["subscription.latest_invoice"]})
    subscription = started.subscription
    assert (started.status, subscription.status, subscription.start_date) == ("active", "active", start)
    assert (subscription.schedule, subscription.latest_invoice.status) == (schedule.id, "draft")
    clock.turn(by="1 hour")
    assert client.v1.invoices.retrieve(subscription.latest_invoice.id).status == "paid"
    assert client.v1.subscription_schedules.list({"scheduled": True}).data == []


def test_a_schedule_starts_now_with_all_that_a_phase_can_say(shop, plans, client, clock):
    customer = shop.customer()
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    card = client.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id})
    setup = client.v1.prices.create({"currency": "usd", "unit_amount": 700, "product_data": {"name": "Setup"}})
    first = {
        "items": [{"price": plans[1].id, "quantity": 2, "metadata": {"a": "b"}}],
        "add_invoice_items": [{"price": setup.id}],
        "default_tax_rates": [rate.id],
        "discounts": [{"coupon": coupon.id}],
        "default_payment_method": card.id,
        "description": "For Ada",
        "metadata": {"phase": "1", "only": "x"},
        "duration": {"interval": "month", "interval_count": 1},
    }
    second = {"items": [{"price": plans[1].id}], "metadata": {"phase": "2", "only": ""}}
    schedule = client.v1.subscription_schedules.create(
        {"customer": customer.id, "start_date": "now", "phases": [first, second]}
    )
    expand = ["latest_invoice", "discounts.source.coupon"]
    subscription = client.v1.subscriptions.retrieve(schedule.subscription, {"expand": expand})
    assert schedule.phases[0].default_tax_rates[0].percentage == 10
    assert (subscription.default_payment_method, subscription.description) == (card.id, "For Ada")
    assert subscription.discounts[0].source.coupon.id == coupon.id
    assert subscription["items"].data[0].metadata["a"] == "b"
    assert (sorted(amounts(subscription.latest_invoice)), subscription.latest_invoice.total) == ([700, 6200], 3795)
    clock.turn(by="32 days")
    changed = shop.reload(subscription)
    assert (changed.metadata.to_dict(), changed.discounts, changed.default_tax_rates) == ({"phase": "2"}, [], [])
    assert (changed.latest_invoice.total, changed.latest_invoice.status) == (3100, "paid")


def test_a_phase_can_be_a_trial(shop, plans, clock, client):
    customer = shop.customer()
    phases = [
        {"items": [{"price": plans[1].id}], "trial": True, "duration": {"interval": "week", "interval_count": 2}},
        {"items": [{"price": plans[0].id}]},
    ]
    schedule = client.v1.subscription_schedules.create({"customer": customer.id, "phases": phases})
    subscription = client.v1.subscriptions.retrieve(schedule.subscription)
    assert (subscription.status, subscription.trial_end) == ("trialing", schedule.phases[0].end_date)
    clock.turn(by="15 days")
    changed = shop.reload(subscription)
    assert (changed.status, changed.latest_invoice.total, price_of(shop, subscription)) == ("active", 6200, plans[0].id)


def test_a_running_subscription_can_get_a_trial_phase(shop, current, plans, clock, client):
    schedule = client.v1.subscription_schedules.create({"from_subscription": current.id})
    free = {"items": [{"price": plans[0].id}], "trial": True, "duration": {"interval": "month"}}
    phases = [kept(schedule), free, {"items": [{"price": plans[0].id}]}]
    updated = client.v1.subscription_schedules.update(schedule.id, {"phases": phases})
    clock.turn(to=updated.phases[1].start_date + 7200)
    trial = shop.reload(current)
    assert (trial.status, trial.trial_end) == ("trialing", updated.phases[1].end_date)
    assert len(shop.invoices(current)) == 1
    clock.turn(to=updated.phases[1].end_date + 7200)
    assert (shop.reload(current).status, shop.reload(current).latest_invoice.total) == ("active", 6200)


def test_a_change_to_a_longer_interval_begins_its_period_with_the_phase(shop, current, plans, clock):
    yearly = shop.price(60000, "year", product=plans[0].product)
    schedule = downgrade(shop, current, yearly)
    end = schedule.current_phase.end_date
    clock.turn(to=end + 7200)
    (item,) = shop.reload(current)["items"].data
    assert (item.current_period_start, item.current_period_end) == (end, end + 365 * DAY)
    assert (shop.reload(current).billing_cycle_anchor, shop.reload(current).latest_invoice.total) == (end, 120000)


def test_items_come_and_go_with_the_phases(shop, plans, clock, client):
    extra, other = shop.price(500, name="Extra"), shop.price(900, name="Other")
    subscription = shop.subscribe(shop.customer(), plans[0], extra)
    schedule = client.v1.subscription_schedules.create({"from_subscription": subscription.id})
    wanted = [{"price": plans[0].id}, {"price": other.id}, {"price": plans[1].id}]
    phases = [kept(schedule), {"items": wanted}, {"items": [{"price": other.id}]}]
    updated = client.v1.subscription_schedules.update(schedule.id, {"phases": phases})
    clock.turn(to=updated.phases[1].start_date)
    second = shop.reload(subscription)
    assert sorted(amounts(second.latest_invoice)) == [900, 3100, 6200]
    clock.turn(to=updated.phases[2].start_date)
    third = shop.reload(subscription)
    assert (len(third["items"].data), amounts(third.latest_invoice)) == (1, [900])


def test_usage_until_a_phase_is_billed_by_the_price_it_was_used_at(shop, clock, client):
    formula = {"formula": "sum"}
    meter = client.v1.billing.meters.create(
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": formula}
    )
    metered = {"usage_type": "metered", "meter": meter.id}
    old, new = shop.price(10, recurring=metered), shop.price(20, recurring=metered)
    subscription = shop.subscribe(shop.customer(), old)
    payload = {"stripe_customer_id": subscription.customer, "value": "100"}
    client.v1.billing.meter_events.create({"event_name": "calls", "payload": payload})
    schedule = client.v1.subscription_schedules.create({"from_subscription": subscription.id})
    phases = [
        {**kept(schedule), "items": [{"price": old.id}]},
        {"items": [{"price": new.id}]},
    ]
    client.v1.subscription_schedules.update(schedule.id, {"phases": phases})
    clock.turn(by="32 days")
    assert shop.reload(subscription).latest_invoice.total == 1000
    client.v1.billing.meter_events.create({"event_name": "calls", "payload": payload})
    clock.turn(by="31 days")
    assert shop.reload(subscription).latest_invoice.total == 2000


def test_a_schedule_that_cannot_start_is_canceled(shop, plans, clock, client):
    customer = shop.customer()
    params = {"customer": customer.id, "start_date": clock.now() + DAY, "phases": [{"items": [{"price": plans[0].id}]}]}
    schedule = client.v1.subscription_schedules.create(params)
    client.v1.prices.update(plans[0].id, {"active": False})
    clock.turn(by="2 days")
    assert client.v1.subscription_schedules.retrieve(schedule.id).status == "canceled"
    assert client.v1.subscription_schedules.list({"canceled_at": {"gt": 1}}).data[0].id == schedule.id


def test_a_waiting_schedule_can_be_changed_released_and_canceled(shop, plans, clock, client):
    customer = shop.customer()
    start = clock.now() + 3 * DAY
    params = {"customer": customer.id, "start_date": start, "phases": [{"items": [{"price": plans[0].id}]}]}
    made = [client.v1.subscription_schedules.create(params) for _ in range(3)]
    phases = [{"start_date": start + DAY, "items": [{"price": plans[1].id}]}]
    changed = client.v1.subscription_schedules.update(made[0].id, {"phases": phases, "metadata": {"a": "b"}})
    assert (changed.phases[0].start_date, changed.metadata["a"]) == (start + DAY, "b")
    assert client.v1.subscription_schedules.release(made[1].id).released_subscription is None
    assert client.v1.subscription_schedules.cancel(made[2].id).status == "canceled"
    assert client.v1.subscription_schedules.list({"released_at": {"gte": 1}}).data[0].id == made[1].id
    client.v1.customers.delete(customer.id)
    found = client.v1.subscription_schedules.list({"customer": customer.id}).data
    assert {one.status for one in found} == {"released", "canceled"}


def test_an_unpaid_subscription_aborts_its_schedule(shop, plans, client, clock, received):
    settings = {"end_behavior": {"missing_payment_method": "cancel"}}
    subscription = shop.subscribe(shop.customer(None), plans[0], trial_period_days=7, trial_settings=settings)
    schedule = client.v1.subscription_schedules.create({"from_subscription": subscription.id})
    client.v1.subscription_schedules.update(
        schedule.id, {"phases": [{**kept(schedule), "end_date": schedule.current_phase.end_date + 30 * DAY}]}
    )
    clock.turn(by="8 days")
    assert client.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert "subscription_schedule.aborted" in received()


def test_default_settings_are_what_a_phase_leaves_open(shop, plans, client):
    customer = shop.customer()
    settings = {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 7}, "description": "All"}
    params = {"customer": customer.id, "default_settings": settings, "phases": [{"items": [{"price": plans[0].id}]}]}
    schedule = client.v1.subscription_schedules.create(params)
    subscription = client.v1.subscriptions.retrieve(schedule.subscription)
    assert (subscription.collection_method, subscription.days_until_due) == ("send_invoice", 7)
    assert subscription.description == "All"
    client.v1.subscription_schedules.update(schedule.id, {"default_settings": {"description": "Other"}})
    assert client.v1.subscriptions.retrieve(schedule.subscription).description == "Other"


def test_previews_show_what_a_schedule_will_bill(shop, current, plans, client, clock):
    schedule = client.v1.subscription_schedules.create({"from_subscription": current.id})
    later = {"items": [{"price": plans[1].id}]}
    details = {"phases": [kept(schedule), later], "proration_behavior": "none"}
    preview = client.v1.invoices.create_preview
    assert amounts(preview({"schedule": schedule.id})) == [6200]
    assert amounts(preview({"schedule": schedule.id, "schedule_details": details})) == [3100]
    assert len(client.v1.subscription_schedules.retrieve(schedule.id).phases) == 1
    now = {"phases": [{**kept(schedule), "items": [{"price": plans[0].id, "quantity": 2}]}]}
    at_once = {**now, "proration_behavior": "always_invoice"}
    clock.turn(by="10 days")
    assert amounts(preview({"schedule": schedule.id, "schedule_details": at_once})) == [-4200, 8400]
    client.v1.subscription_schedules.update(schedule.id, {"phases": details["phases"]})
    assert amounts(preview({"subscription": current.id})) == [3100]
    new = {"phases": [{"items": [{"price": plans[0].id, "quantity": 3}], "start_date": "now"}]}
    assert amounts(preview({"customer": current.customer, "schedule_details": new})) == [18600]
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        preview({"schedule": schedule.id, "subscription": current.id})
