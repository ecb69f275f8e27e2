"""Webhooks: signed, in order, tried again, sent again."""

import threading

import pytest
import requests
import stripe

from sandbox import letters
from sandbox.core import Sandbox, Settings
from sandbox.letters import signature
from tests.sandbox.conftest import Inbox
from tests.sandbox.waiting import until


def test_events_arrive_in_the_order_they_happened(client, received, webhook_inbox):
    for number in range(30):
        client.v1.customers.create({"name": str(number)})
    webhook_inbox.awaits(30)
    assert [event.data.object.name for event in webhook_inbox.events] == [str(number) for number in range(30)]


def test_an_event_names_its_request_and_its_key(client, webhook_inbox):
    customer = client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "ada"})
    webhook_inbox.awaits(1)
    (event,) = webhook_inbox.events
    assert event.api_version == "2026-10-28.endive"
    assert (event.request.id, event.request.idempotency_key) == (customer.last_response.headers["Request-Id"], "ada")
    assert client.v1.events.retrieve(event.id).data.object.id == customer.id


def test_updates_tell_what_changed(client, webhook_inbox):
    customer = client.v1.customers.create({"name": "Ada", "metadata": {"a": "1"}})
    client.v1.customers.update(customer.id, {"name": "Bob", "metadata": {"b": "2"}})
    webhook_inbox.awaits(2)
    assert webhook_inbox.events[1].data.previous_attributes.to_dict() == {"name": "Ada", "metadata": {"b": None}}


def test_a_refused_delivery_comes_again_with_a_fresh_signature(client, url, webhook_inbox):
    webhook_inbox.answers[:] = [500]
    client.v1.customers.create({"name": "Ada"})
    webhook_inbox.awaits(1)
    pending = f"{url}/_sandbox/deliveries/pending"
    until(lambda: requests.get(pending).json()["pending"] == 0, "the delivery to be concluded")
    (event,) = requests.get(f"{url}/_sandbox/events").json()["data"]
    assert [(one["tries"], one["status"]) for one in event["deliveries"]] == [(2, "delivered")]
    assert event["pending_webhooks"] == 0


def test_a_refused_delivery_does_not_hold_up_the_next(client, box, webhook_inbox):
    webhook_inbox.answers[:] = [404]
    box.courier.pause(True)
    for name in ("first", "second"):
        client.v1.customers.create({"name": name})
    box.courier.pause(False)
    webhook_inbox.awaits(2)
    assert [event.data.object.name for event in webhook_inbox.events] == ["second", "first"]


def test_an_event_can_be_sent_again(client, url, webhook_inbox):
    client.v1.customers.create({"name": "Ada"})
    webhook_inbox.awaits(1)
    id = webhook_inbox.events[0].id
    assert requests.post(f"{url}/_sandbox/events/{id}/send").json() == {"deliveries": 1}
    webhook_inbox.awaits(2)
    assert webhook_inbox.events[1].id == id
    assert requests.post(f"{url}/_sandbox/events/evt_none/send").status_code == 404


def test_deliveries_can_be_held_back(client, url, webhook_inbox, received):
    requests.post(f"{url}/_sandbox/deliveries", json={"paused": True})
    client.v1.customers.create({"name": "Ada"})
    assert requests.get(f"{url}/_sandbox/deliveries/pending").json() == {"pending": 1, "paused": True}
    assert webhook_inbox.events == []
    requests.post(f"{url}/_sandbox/deliveries", json={"paused": False})
    assert received() == ["customer.created"]


def test_an_endpoint_gets_what_it_asked_for(client, webhook_inbox, received):
    params = {"url": f"{webhook_inbox.url}/other", "enabled_events": ["product.created"]}
    made = client.v1.webhook_endpoints.create(params | {"api_version": "2026-10-28.endive"})
    assert made.secret.startswith("whsec_")
    assert "secret" not in client.v1.webhook_endpoints.retrieve(made.id) or (
        client.v1.webhook_endpoints.retrieve(made.id).secret is None
    )
    client.v1.webhook_endpoints.update(made.id, {"enabled_events": ["price.created"]})
    client.v1.customers.create({"name": "Ada"})
    assert received() == ["customer.created"]
    assert len(client.v1.webhook_endpoints.list().data) == 2
    assert client.v1.webhook_endpoints.delete(made.id).deleted


def test_an_endpoint_must_make_sense(client):
    for params, param in (
        ({"url": "ftp://x", "enabled_events": ["*"]}, "url"),
        ({"url": "http://x", "enabled_events": ["nonsense"]}, "enabled_events[0]"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.webhook_endpoints.create(params)
        assert caught.value.param == param


def test_the_signature_is_the_one_the_sdk_makes():
    theirs = stripe.WebhookSignature.generate_signature_header("{}", "whsec_x", timestamp=1_800_000_000)
    assert signature(b"{}", "whsec_x", 1_800_000_000) == theirs


def test_an_endpoint_that_is_away_does_not_stop_the_sandbox():
    box = Sandbox(Settings(webhook_url="http://127.0.0.1:9/nobody", webhook_secret="whsec_x"))
    with box.transaction():
        event = box.events.record("customer.created", box.store.add({"object": "customer", "id": "cus_x"}))
    until(lambda: box.events.deliveries(event["id"])[0]["tries"] >= 1, "a try")
    (delivery,) = box.events.deliveries(event["id"])
    assert (delivery["status"], delivery["last_status"]) == ("pending", None)
    assert "refused" in delivery["last_error"]
    box.close()


@pytest.fixture
def lonely():
    """A sandbox of its own whose only endpoint is where the test says."""
    boxes = []

    def start(url):
        boxes.append(Sandbox(Settings(webhook_url=url, webhook_secret="whsec_of_the_tests")))
        return boxes[-1]

    yield start
    for box in boxes:
        box.close()


def happen(box, *names):
    with box.transaction():
        return [
            box.events.record("customer.created", box.store.add({"object": "customer", "id": "cus_x", "name": name}))
            for name in names
        ]


def move(box, url):
    with box.transaction():
        box.store.update(box.store.oldest("webhook_endpoint"), url=url)


def test_an_endpoint_that_moved_gets_its_mail_at_the_new_address(lonely):
    former, latter = Inbox(), Inbox()
    box = lonely(former.url)
    happen(box, "Ada")
    until(lambda: box.courier.pending() == 0, "the first delivery")
    move(box, latter.url)
    happen(box, "Bob")
    until(lambda: box.courier.pending() == 0, "the second delivery")
    assert [[event.data.object.name for event in inbox.events] for inbox in (former, latter)] == [["Ada"], ["Bob"]]
    for inbox in (former, latter):
        inbox.server.shutdown()
        inbox.server.server_close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/ü", f"http://{'a' * 64}/", "http://[::1/"])
def test_an_address_that_cannot_be_sent_to_is_a_failed_try(lonely, receiver, url):
    box = lonely(receiver.url)
    move(box, url)
    (event,) = happen(box, "Ada")
    until(lambda: box.events.deliveries(event["id"])[0]["tries"], "a try")
    receiver.bodies.clear()
    move(box, receiver.url)
    until(lambda: box.courier.pending() == 0, "the retry")
    assert [event.data.object.name for event in receiver.events] == ["Ada"]


def test_a_fault_of_ours_is_a_failed_try_and_the_next_delivery_goes_on(lonely, receiver, monkeypatch, caplog):
    box, write, faults = lonely(receiver.url), letters.write, [ZeroDivisionError]

    def failing(*args):
        if faults:
            raise faults.pop()
        return write(*args)

    monkeypatch.setattr(letters, "write", failing)
    receiver.bodies.clear()
    first, _ = happen(box, "Ada", "Bob")
    until(lambda: box.courier.pending() == 0, "the retry")
    assert [event.data.object.name for event in receiver.events] == ["Bob", "Ada"]
    assert [(one["status"], one["tries"]) for one in box.events.deliveries(first["id"])] == [("delivered", 2)]
    assert "ZeroDivisionError" in caplog.text
    assert len(box.observation.violations) == 1


def test_nobody_leaves_before_all_who_go_together_are_there(lonely, receiver, monkeypatch):
    """The first of a transaction is due at once, but one that is told of later goes before it."""
    box = lonely(receiver.url)
    happen(box, "warm")
    until(lambda: box.courier.pending() == 0, "the first delivery")
    receiver.bodies.clear()
    get, asked = box.store.get, threading.Event()

    def slowly(kind, id):
        if kind == "_delivery" and threading.current_thread().name.startswith("deliveries"):
            asked.set()
        elif kind == "_delivery":
            asked.wait(0.05)
        return get(kind, id)

    monkeypatch.setattr(box.store, "get", slowly)
    with box.transaction():
        happen(box, "later", "sooner")
        second, first = box.store.list("_delivery")[:2]
        box.store.update(second, next_at=first["next_at"] - 1)
    until(lambda: box.courier.pending() == 0, "the deliveries")
    assert [event.data.object.name for event in receiver.events] == ["sooner", "later"]


def test_a_delivery_that_a_reset_forgot_is_no_longer_waited_for(lonely, receiver):
    box = lonely(receiver.url)
    box.courier.pause(True)
    forget, box.courier.forget = box.courier.forget, lambda: (forget(), happen(box, "between"))
    box.reset()
    box.courier.pause(False)
    until(lambda: box.courier.pending() == 0, "nothing to be left")
