"""Webhooks: signed, in order, tried again, sent again."""

import pytest
import requests
import stripe

from sandbox.core import Sandbox, Settings
from sandbox.letters import signature
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
