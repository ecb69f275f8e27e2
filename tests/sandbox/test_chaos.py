"""Chaos on purpose: what a plan of faults does to calls, charges and webhooks, the same each time."""

import http.client
import json
from collections import deque
from urllib.parse import urlsplit

import pytest
import requests
import stripe

from sandbox.chaos.agent import KEPT
from tests.sandbox.shop import secret_of
from tests.sandbox.waiting import until


@pytest.fixture
def faults(url):
    """Follow a plan; answers it as it stands."""

    def follow(*plan, seed=7):
        response = requests.post(f"{url}/_sandbox/faults", json={"plan": plan, "seed": seed})
        assert response.ok, response.text
        return response.json()

    return follow


@pytest.fixture
def picture(url):
    return lambda: requests.get(f"{url}/_sandbox/faults").json()


def raw(url, name="Ada", key=None, **options):
    """Create a customer without the SDK."""
    headers = {"Authorization": "Bearer sk_test_sandbox", **({"Idempotency-Key": key} if key else {})}
    return requests.post(f"{url}/v1/customers", data={"name": name}, headers=headers, **options)


def customers(client):
    return len(client.v1.customers.list().data)


# Calls


@pytest.mark.parametrize(
    ("kind", "status", "code", "advice"),
    [
        ("rate_limit", 429, "rate_limit", "false"),
        ("lock_timeout", 429, "lock_timeout", "true"),
        ("conflict", 409, "idempotency_key_in_use", "true"),
        ("error", 500, None, "true"),
    ],
)
def test_so_many_calls_are_refused_and_then_all_is_well(client, url, faults, kind, status, code, advice):
    faults({"call": kind, "count": 2})
    for _ in range(2):
        answer = raw(url)
        assert (answer.status_code, answer.json()["error"].get("code")) == (status, code)
        assert answer.headers["Stripe-Should-Retry"] == advice
    assert raw(url).status_code == 200
    assert customers(client) == 1


def test_the_sdk_raises_what_it_raises_at_stripe(client, faults):
    faults({"call": "rate_limit"}, {"call": "error"}, {"call": "reset"}, {"call": "html"})
    for error in (stripe.RateLimitError, stripe.APIError, stripe.APIConnectionError, stripe.APIError):
        with pytest.raises(error):
            client.v1.customers.create({"name": "Ada"})
    assert customers(client) == 0


def test_an_answer_lost_after_the_work_is_replayed_under_its_key(client, url, faults):
    faults({"call": "error", "when": "after"})
    first, second = raw(url, key="k"), raw(url, key="k")
    assert [first.status_code, second.status_code] == [500, 500]
    assert first.headers["Stripe-Should-Retry"] == "false"
    assert second.headers["Idempotent-Replayed"] == "true"
    assert customers(client) == 1


def test_an_error_before_the_work_keeps_nothing_under_the_key(client, url, faults):
    faults({"call": "error"})
    assert [raw(url, key="k").status_code for _ in range(2)] == [500, 200]
    assert customers(client) == 1


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_connection_is_reset_before_or_after_the_work(client, url, faults, when, made):
    faults({"call": "reset", "when": when})
    with pytest.raises(requests.ConnectionError):
        raw(url)
    assert customers(client) == made


def test_a_retry_after_a_lost_connection_gets_the_answer_that_was_kept(client, url, faults):
    faults({"call": "reset", "when": "after"})
    with pytest.raises(requests.ConnectionError):
        raw(url, key="k")
    assert raw(url, key="k").headers["Idempotent-Replayed"] == "true"
    assert customers(client) == 1


def test_a_late_answer_finds_nobody_waiting_though_the_work_is_done(client, url, faults):
    faults({"call": "timeout", "seconds": 5, "method": "POST"})
    with pytest.raises(requests.Timeout):
        raw(url, timeout=0.1)
    until(lambda: customers(client) == 1, "the customer")


def test_others_are_served_while_an_answer_is_held(client, url, faults):
    faults({"call": "drip", "seconds": 20})
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.connect()
    wire = connection.sock
    connection.request("POST", "/v1/customers", "name=Ada", {"Authorization": "Bearer sk_test_sandbox"})
    answer = connection.getresponse()
    assert customers(client) == 1
    wire.settimeout(0.01)
    with pytest.raises(TimeoutError):  # so there is more to come
        answer.read()
    answer.close()
    connection.close()


def test_an_answer_can_come_in_drops(url, faults):
    faults({"call": "drip", "seconds": 0.1})
    assert raw(url).json()["name"] == "Ada"


def test_a_page_of_a_proxy_comes_instead_of_json(url, faults):
    faults({"call": "html"})
    answer = raw(url)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (502, "text/html")


def test_a_body_can_end_in_the_middle(client, url, faults):
    faults({"call": "truncated"})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        raw(url)
    assert customers(client) == 1


def test_a_fault_strikes_only_the_calls_it_is_meant_for(client, shop, faults):
    ada, bob = shop.customer(), shop.customer()
    paid = shop.subscribe(ada, shop.price())
    faults(
        {"call": "lock_timeout", "operation": "POST /v1/customers/{customer}", "customer": ada.id},
        {"call": "rate_limit", "path": "/v1/invoices", "method": "GET", "customer": ada.id},
    )
    client.v1.customers.update(bob.id, {"name": "Bob"})
    client.v1.customers.retrieve(ada.id)
    with pytest.raises(stripe.RateLimitError):
        client.v1.customers.update(ada.id, {"name": "Ada"})
    client.v1.invoices.list({"customer": bob.id})
    with pytest.raises(stripe.RateLimitError):
        client.v1.invoices.retrieve(paid.latest_invoice.id)


def test_a_fault_lets_some_pass_first(url, faults, picture):
    faults({"call": "error", "skip": 2})
    assert [raw(url).status_code for _ in range(4)] == [200, 200, 500, 200]
    (fault,) = picture()["plan"]
    assert (fault["seen"], fault["struck"], fault["left"]) == (3, 1, 0)


def test_what_is_refused_for_itself_uses_up_no_fault(url, client, faults, picture):
    faults({"call": "error"})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.create({"nonsense": 1})
    assert picture()["plan"][0]["seen"] == 0
    requests.post(f"{url}/_sandbox/reset", json={})  # which also forgets the refusal


# Chance


def test_the_same_plan_and_seed_meet_the_same_calls_the_same_way(url, faults, picture):
    def story(seed):
        faults({"call": "error", "probability": 0.4}, {"call": "rate_limit", "probability": 0.3}, seed=seed)
        return [raw(url).status_code for _ in range(20)]

    first = story(7)
    drawn = [one["drawn"] for one in picture()["log"]]
    assert set(first) == {200, 429, 500}
    assert story(7) == first
    assert [one["drawn"] for one in picture()["log"]] == drawn
    assert story(8) != first


def test_a_plan_shows_every_default_and_can_be_sent_again(faults, picture):
    shown = faults({"call": "timeout"}, {"webhook": "late", "types": ["invoice.*"], "probability": 0.5})
    assert shown["plan"][0] == {
        "call": "timeout",
        "seconds": 10.0,
        "count": 1,
        "skip": 0,
        "probability": 1.0,
        "seen": 0,
        "struck": 0,
        "left": 1,
    }
    assert shown["plan"][1]["count"] is None
    again = [
        {key: value for key, value in one.items() if key not in ("seen", "struck", "left")} for one in shown["plan"]
    ]
    assert faults(*again) == shown
    assert picture() == shown


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        ({"call": "error"}, "plan:"),
        ([7], "plan[0]:"),
        ([{"count": 1}], "plan[0]: must say exactly one"),
        ([{"call": "error", "webhook": "drop"}], "plan[0]: must say exactly one"),
        ([{"call": "explode"}], "plan[0].call:"),
        ([{"charge": "no_reason"}], "plan[0].charge:"),
        ([{"call": "error"}, {"call": "error", "count": 0}], "plan[1].count:"),
        ([{"call": "error", "probability": 2}], "plan[0].probability:"),
        ([{"call": "error", "skip": "x"}], "plan[0].skip:"),
        ([{"call": "error", "seconds": 3}], "plan[0].seconds: means nothing"),
        ([{"call": "error", "operation": "POST /v1/nonsense"}], "plan[0].operation:"),
        ([{"call": "error", "method": "PATCH"}], "plan[0].method:"),
        ([{"call": "error", "path": "invoices"}], "plan[0].path:"),
        ([{"call": "timeout", "seconds": -1}], "plan[0].seconds:"),
        ([{"webhook": "drop", "types": ["invoice.nonsense"]}], "plan[0].types:"),
        ([{"webhook": "reorder", "window": 1}], "plan[0].window:"),
        ([{"webhook": "shape", "api_version": "2030-01-01"}], "plan[0].api_version:"),
    ],
)
def test_nonsense_is_refused_with_the_name_of_the_field(url, faults, picture, plan, field):
    before = faults({"call": "error", "path": "/v1/refunds"})
    answer = requests.post(f"{url}/_sandbox/faults", json={"plan": plan})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(field)
    assert picture() == before


def test_a_seed_is_a_number(url):
    assert requests.post(f"{url}/_sandbox/faults", json={"plan": [], "seed": "x"}).json()["error"].startswith("seed:")


def test_a_plan_ends_when_it_is_cleared_or_everything_is_reset(url, faults, picture):
    faults({"call": "error"})
    assert requests.delete(f"{url}/_sandbox/faults").json() == {"seed": 0, "plan": [], "log": [], "held": 0}
    faults({"call": "error"})
    requests.post(f"{url}/_sandbox/reset", json={})
    assert picture()["plan"] == []


# Charges


def test_the_next_charge_is_declined_and_the_one_after_succeeds(client, shop, faults):
    faults({"charge": "lost_card"})
    subscription = shop.subscribe(shop.customer(), shop.price())
    invoice = client.v1.invoices.retrieve(subscription.latest_invoice.id, {"expand": ["payments"]})
    intent = client.v1.payment_intents.retrieve(invoice.payments.data[0].payment.payment_intent)
    assert subscription.status == "incomplete"
    assert intent.last_payment_error.decline_code == "lost_card"
    assert intent.last_payment_error.advice_code == "do_not_try_again"
    assert client.v1.invoices.pay(invoice.id).status == "paid"


def test_a_decline_reaches_the_page_as_a_card_error(shop, visitor, faults):
    subscription = shop.subscribe(shop.customer(card=None), shop.price(), payment_behavior="default_incomplete")
    faults({"charge": "expired_card"})
    refused = visitor.confirm(secret_of(subscription)).json()["error"]
    assert (refused["type"], refused["code"]) == ("card_error", "expired_card")
    assert visitor.confirm(secret_of(subscription)).json()["status"] == "succeeded"


def test_a_decline_is_not_taken_back_with_the_invoice_it_ended(shop, faults, picture):
    ada, price = shop.customer(), shop.price()
    faults({"charge": "insufficient_funds"})
    with pytest.raises(stripe.CardError) as caught:
        shop.subscribe(ada, price, payment_behavior="error_if_incomplete")
    assert caught.value.error.decline_code == "insufficient_funds"
    assert picture()["plan"][0]["left"] == 0
    assert shop.subscribe(ada, price, payment_behavior="error_if_incomplete").status == "active"


def test_only_the_customer_meant_is_declined(shop, faults):
    ada, bob, price = shop.customer(), shop.customer(), shop.price()
    faults({"charge": "generic_decline", "customer": bob.id})
    assert shop.subscribe(ada, price).status == "active"
    assert shop.subscribe(bob, price).status == "incomplete"


# Webhooks


def named(inbox):
    return [event.data.object.name for event in inbox.events]


def make(client, *names):
    for name in names:
        client.v1.customers.create({"name": name})


def test_an_event_arrives_twice(client, faults, webhook_inbox, received):
    faults({"webhook": "duplicate", "types": ["customer.*"]})
    make(client, "a", "b")
    webhook_inbox.awaits(3)
    ids = [event.id for event in webhook_inbox.events]
    assert ids[0] == ids[1] != ids[2]


def test_events_arrive_in_another_order_which_the_seed_decides(client, faults, webhook_inbox, received):
    def story(seed):
        faults({"webhook": "reorder", "window": 6, "within": 60, "count": None}, seed=seed)
        webhook_inbox.bodies.clear()
        make(client, *"abcdef")
        webhook_inbox.awaits(6)
        return named(webhook_inbox)

    first = story(7)
    assert first != list("abcdef")
    assert sorted(first) == list("abcdef")
    assert story(7) == first
    assert story(8) != first


def test_a_window_that_does_not_fill_lets_go_after_a_while(client, faults, webhook_inbox, received):
    faults({"webhook": "reorder", "window": 50, "within": 0.2, "order": "reverse", "count": None})
    make(client, "a", "b", "c")
    assert received() == ["customer.created"] * 3


def test_events_in_reverse(client, faults, webhook_inbox):
    faults({"webhook": "reorder", "window": 3, "within": 60, "order": "reverse", "count": 3})
    make(client, "a", "b", "c", "d")
    webhook_inbox.awaits(4)
    assert [name for name in named(webhook_inbox) if name != "d"] == ["c", "b", "a"]


def test_an_event_comes_some_seconds_later(client, url, faults, webhook_inbox):
    faults({"webhook": "delay", "seconds": 600})
    make(client, "a", "b")
    webhook_inbox.awaits(1)
    assert named(webhook_inbox) == ["b"]
    b, a = (event["deliveries"][0] for event in requests.get(f"{url}/_sandbox/events").json()["data"])
    assert a["next_at"] - b["next_at"] == pytest.approx(600, abs=60)


def test_a_dropped_event_never_comes_and_stays_undelivered(client, url, faults, received):
    faults({"webhook": "drop"})
    make(client, "a", "b")
    assert received() == ["customer.created"]
    lost = client.v1.events.list({"delivery_success": False}).data
    assert [event.data.object.name for event in lost] == ["a"]
    assert requests.post(f"{url}/_sandbox/events/{lost[0].id}/send").json() == {"deliveries": 1}
    assert received() == ["customer.created"]


def test_an_event_comes_days_later_when_the_clock_has_turned(client, clock, faults, webhook_inbox, received):
    faults({"webhook": "late", "days": 3})
    make(client, "a", "b")
    assert received() == ["customer.created"]
    clock.turn(by="2 days")
    assert received() == []
    clock.turn(by="2 days")
    webhook_inbox.awaits(1)
    assert webhook_inbox.events[0].data.object.name == "a"


def test_an_old_event_comes_with_a_fresh_signature(client, clock, faults, webhook_inbox, received):
    faults({"webhook": "late", "days": 2, "how": "backdated"})
    make(client, "a")
    webhook_inbox.awaits(1)  # whose signature was checked with a tolerance of 300 s
    assert clock.now() - webhook_inbox.events[0].created >= 2 * 86400


def test_a_forged_signature_is_refused_and_the_retry_is_right(client, url, faults, webhook_inbox, received):
    faults({"webhook": "wrong_signature"})
    make(client, "a")
    assert received() == ["customer.created"]
    (event,) = requests.get(f"{url}/_sandbox/events").json()["data"]
    assert [(one["tries"], one["faults"]) for one in event["deliveries"]] == [(2, ["wrong_signature"])]


def test_an_event_comes_in_the_shape_of_an_older_version(shop, faults, webhook_inbox, received):
    ada, price = shop.customer(), shop.price()
    faults({"webhook": "shape", "types": ["customer.subscription.created", "invoice.paid"], "count": 2})
    subscription = shop.subscribe(ada, price)
    types = ("customer.subscription.created", "invoice.paid", "invoice.finalized")
    until(lambda: {event.type for event in webhook_inbox.events} >= set(types), "the events of a subscription")
    events = {event["type"]: event for event in map(json.loads, webhook_inbox.bodies)}
    told = events["customer.subscription.created"]
    assert told["api_version"] == "2025-02-24.acacia"
    assert told["data"]["object"]["current_period_end"] == subscription["items"].data[0].current_period_end
    assert "current_period_end" not in told["data"]["object"]["items"]["data"][0]
    paid = events["invoice.paid"]["data"]["object"]
    assert (paid["subscription"], paid["paid"]) == (subscription.id, True)
    assert paid["payment_intent"].startswith("pi_")
    assert paid["lines"]["data"][0]["price"]["id"] == price.id
    assert events["invoice.finalized"]["api_version"] == "2026-10-28.endive"


def test_held_events_go_when_they_are_released(client, url, faults, webhook_inbox, received, picture):
    faults({"webhook": "hold", "count": 3})
    make(client, *"abcd")
    assert received() == ["customer.created"]
    assert picture()["held"] == 3
    released = requests.post(f"{url}/_sandbox/faults/release", json={"order": "reverse"}).json()
    assert released == {"released": 3}
    webhook_inbox.awaits(3)
    assert named(webhook_inbox) == ["c", "b", "a"]


def test_clearing_the_plan_releases_what_it_held(client, url, faults, received):
    faults({"webhook": "hold", "count": None})
    make(client, "a", "b")
    assert requests.delete(f"{url}/_sandbox/faults").json()["held"] == 0
    assert received() == ["customer.created"] * 2


def test_faults_on_webhooks_add_up(client, url, faults, webhook_inbox):
    faults({"webhook": "duplicate", "times": 3}, {"webhook": "delay", "seconds": 0.1})
    make(client, "a", "b")
    webhook_inbox.awaits(4)
    assert sorted(named(webhook_inbox)) == ["a", "a", "a", "b"]
    a = requests.get(f"{url}/_sandbox/events").json()["data"][1]
    assert [one["faults"] for one in a["deliveries"]] == [["duplicate", "delay"]] * 3


def test_what_was_undone_uses_up_no_fault_on_webhooks(shop, faults, picture, received):
    broke = shop.customer("pm_card_chargeCustomerFail")
    price = shop.price()
    faults({"webhook": "drop", "types": ["customer.subscription.created"]})
    with pytest.raises(stripe.CardError):
        shop.subscribe(broke, price, payment_behavior="error_if_incomplete")
    assert picture()["plan"][0] | {"seen": 0, "struck": 0} == picture()["plan"][0]
    assert picture()["log"] == []


def test_a_webhook_fault_can_be_meant_for_one_customer_or_endpoint(client, box, faults, webhook_inbox, received):
    make(client, "a", "b")
    received()
    ids = {one.name: one.id for one in client.v1.customers.list().data}
    endpoint = box.store.list("webhook_endpoint")[0]["id"]
    faults(
        {"webhook": "drop", "customer": ids["a"], "count": None},
        {"webhook": "drop", "endpoint": "we_of_nobody", "count": None},
        {"webhook": "drop", "endpoint": endpoint, "types": ["customer.deleted"]},
    )
    for id in ids.values():
        client.v1.customers.update(id, {"phone": "1"})
    client.v1.customers.delete(ids["b"])
    webhook_inbox.awaits(1)
    assert received() == ["customer.updated"]


def test_an_undone_decision_is_struck_out_though_another_was_written_meanwhile(box, faults, picture):
    faults({"webhook": "drop"})

    class Crowded(deque):
        def append(self, decision):
            super().append(decision)
            super().append({"what": "a call at the same time"})

    box.chaos.log = Crowded(maxlen=9)
    try:
        with box.transaction():
            begun = box.store.savepoint()
            customer = {**box.contract.blank("customer"), "id": "cus_x", "created": 1}
            box.events.record("customer.created", box.store.add(customer))
            box.store.rollback_to(begun)
        assert picture()["log"] == [{"what": "a call at the same time"}]
    finally:
        box.chaos.log = deque(maxlen=KEPT)
