"""Webhook endpoints and the event log: what can be registered, in which version, under which secret, and for how long."""

import json
import time

import pytest
import requests
import stripe

from sandbox.letters import signature
from tests.sandbox.waiting import until

NEWEST = "2026-10-28.endive"


class Box:
    """A mailbox in front of the tests' endpoint: what arrived there, with its signature."""

    def __init__(self, receiver, monkeypatch):
        self.arrived, self.answers = [], []
        monkeypatch.setattr(receiver, "receive", self.receive)
        self.url = receiver.url

    def receive(self, body, header):
        self.arrived.append((json.loads(body), body.decode(), header))
        return self.answers.pop(0) if self.answers else 200

    def versions(self):
        return sorted(event["api_version"] for event, _, _ in self.arrived)


@pytest.fixture
def inbox(webhook_inbox, monkeypatch):
    return Box(webhook_inbox, monkeypatch)


@pytest.fixture
def quiet(url):
    """Waits until nothing is under way."""
    pending = f"{url}/_sandbox/deliveries/pending"
    return lambda: until(lambda: requests.get(pending).json()["pending"] == 0, "the deliveries to end")


def register(client, url="http://127.0.0.1:9/x", events=("*",), **more):
    return client.v1.webhook_endpoints.create({"url": url, "enabled_events": list(events), **more})


@pytest.fixture(autouse=True)
def tidy(client):
    """A reset keeps endpoints, so what a test registers goes with it."""
    known = {one.id for one in client.v1.webhook_endpoints.list().data}
    yield
    for one in client.v1.webhook_endpoints.list({"limit": 100}).data:
        if one.id not in known:
            client.v1.webhook_endpoints.delete(one.id)


def test_each_endpoint_gets_its_events_in_its_version_under_its_secret(client, inbox, quiet):
    older = register(client, f"{inbox.url}/old", ["customer.created"], api_version="2025-02-24.acacia")
    newer = register(client, f"{inbox.url}/new", ["customer.created"], api_version=NEWEST)
    client.v1.customers.create({"name": "Ada"})
    quiet()
    assert inbox.versions() == ["2025-02-24.acacia", NEWEST, NEWEST]
    for made, version in ((older, "2025-02-24.acacia"), (newer, NEWEST)):
        told = [text for event, text, header in inbox.arrived if _is_signed(text, header, made.secret)]
        assert [json.loads(text)["api_version"] for text in told] == [version]


@pytest.fixture
def forgiving(box):
    """The test asks for what the contract forbids, which is then no violation."""
    yield
    box.observation.violations.clear()


@pytest.mark.usefixtures("forgiving")
def test_the_version_of_an_endpoint_is_chosen_once(client):
    made = register(client, api_version="2025-02-24.acacia")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.webhook_endpoints.update(made.id, {"api_version": NEWEST})
    assert caught.value.error.code == "parameter_unknown"
    assert client.v1.webhook_endpoints.retrieve(made.id).api_version == "2025-02-24.acacia"
    assert register(client).api_version is None


@pytest.mark.usefixtures("forgiving")
@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "example.com/hook"}, "url"),
        ({"url": "http://"}, "url"),
        ({"url": "http://[::1/hook"}, "url"),
        ({"url": "http://a b/hook"}, "url"),
        ({"url": "http://a:99999/hook"}, "url"),
        ({"url": "http://127.0.0.1:1/ü"}, "url"),
        ({"url": f"http://{'a' * 64}/hook"}, "url"),
        ({"enabled_events": ["invoice.nonsense"]}, "enabled_events[0]"),
        ({"enabled_events": ["*", "invoice.paid"]}, "enabled_events"),
        ({"api_version": "2019-01-01"}, "api_version"),
    ],
)
def test_an_endpoint_that_makes_no_sense_is_refused(client, wrong, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/x", "enabled_events": ["*"], **wrong})
    assert caught.value.param == param


def test_there_are_at_most_sixteen_endpoints(client):
    for _ in range(15):
        register(client)
    with pytest.raises(stripe.InvalidRequestError, match="maximum of 16"):
        register(client)


def test_a_disabled_endpoint_is_told_nothing_until_it_is_enabled(client, inbox, quiet):
    made = register(client, f"{inbox.url}/own", ["product.created"])
    client.v1.webhook_endpoints.update(made.id, {"disabled": True})
    client.v1.products.create({"name": "lost"})
    client.v1.webhook_endpoints.update(made.id, {"disabled": False})
    client.v1.products.create({"name": "told"})
    quiet()
    told = [event for event, text, header in inbox.arrived if _is_signed(text, header, made.secret)]
    assert [event["data"]["object"]["name"] for event in told] == ["told"]


@pytest.mark.parametrize("end", ["disabled", "removed"])
def test_what_an_endpoint_still_waits_for_ends_with_it(client, url, inbox, quiet, end):
    made = register(client, f"{inbox.url}/own", ["product.created"])
    requests.post(f"{url}/_sandbox/deliveries", json={"paused": True})
    client.v1.products.create({"name": "x"})
    if end == "removed":
        client.v1.webhook_endpoints.delete(made.id)
    else:
        client.v1.webhook_endpoints.update(made.id, {"disabled": True})
    requests.post(f"{url}/_sandbox/deliveries", json={"paused": False})
    quiet()
    (event,) = requests.get(f"{url}/_sandbox/events").json()["data"]
    assert {one["status"]: one["last_error"] for one in event["deliveries"]} == {
        "delivered": None,
        "failed": f"the endpoint {'was removed' if end == 'removed' else 'is disabled'}",
    }
    assert event["pending_webhooks"] == 1


def test_a_reset_brings_back_the_endpoint_given_at_the_start(client, url, received):
    (given,) = client.v1.webhook_endpoints.list().data
    other = register(client)
    client.v1.webhook_endpoints.update(given.id, {"enabled_events": ["invoice.paid"], "disabled": True})
    requests.post(f"{url}/_sandbox/reset", json={})
    assert {one.id for one in client.v1.webhook_endpoints.list().data} == {given.id, other.id}
    client.v1.webhook_endpoints.delete(given.id)
    client.v1.webhook_endpoints.delete(other.id)
    requests.post(f"{url}/_sandbox/reset", json={})
    client.v1.customers.create({"name": "Ada"})
    assert received() == ["customer.created"]


# Secrets


def _is_signed(text, header, secret):
    try:
        return stripe.WebhookSignature.verify_header(text, header, secret, tolerance=300)
    except stripe.SignatureVerificationError:
        return False


def roll(url, id, **wish):
    return requests.post(f"{url}/_sandbox/endpoints/{id}/roll", json=wish)


def test_while_a_secret_is_rolled_both_sign(client, url, clock, inbox, quiet):
    made = register(client, f"{inbox.url}/own", ["product.created"])
    answer = roll(url, made.id, expires_in=3600).json()
    assert answer["expires_at"] - clock.now() == pytest.approx(3600, abs=60)
    for turn in ("0", "2 hours"):
        clock.turn(by=turn)
        client.v1.products.create({"name": turn})
        quiet()
    own = [(text, header) for _, text, header in inbox.arrived if _is_signed(text, header, answer["secret"])]
    assert [header.count("v1=") for _, header in own] == [2, 1]
    assert [_is_signed(text, header, made.secret) for text, header in own] == [True, False]


def test_a_secret_can_be_rolled_at_once(client, url, inbox, quiet):
    made = register(client, f"{inbox.url}/own", ["product.created"])
    secret = roll(url, made.id).json()["secret"]
    client.v1.products.create({"name": "x"})
    quiet()
    signed = [[_is_signed(text, header, by) for by in (secret, made.secret)] for _, text, header in inbox.arrived]
    assert sorted(signed) == [[False, False], [True, False]]  # the other is of the tests' own endpoint


def test_a_roll_must_make_sense(client, url):
    made = register(client)
    assert roll(url, "we_none").status_code == 404
    for wrong in (86401, -1, "soon", True):
        assert roll(url, made.id, expires_in=wrong).json()["error"].startswith("expires_in:")


def test_a_signature_by_two_secrets_is_valid_for_either():
    header = signature(b"{}", "whsec_new", int(time.time()), "whsec_old")
    assert all(_is_signed("{}", header, secret) for secret in ("whsec_new", "whsec_old"))
    assert not _is_signed("{}", header, "whsec_other")


# Retries


def test_a_schedule_like_stripes_follows_the_clock_and_ends(client, url, clock, inbox, quiet):
    assert requests.post(f"{url}/_sandbox/deliveries", json={"retries": "sandbox"}).json() == {
        "paused": False,
        "retries": "sandbox",
    }
    inbox.answers = [500] * 9
    client.v1.customers.create({"name": "Ada"})
    tried = []
    for span in ("0", "5 minutes", "5 minutes", "1 hour", "3 hours", "7 days"):
        clock.turn(by=span)
        quiet()
        tried.append(len(inbox.arrived))
    assert tried == [1, 1, 2, 3, 4, 4]
    (event,) = requests.get(f"{url}/_sandbox/events").json()["data"]
    assert [(one["status"], one["last_error"]) for one in event["deliveries"]] == [("failed", "HTTP 500")]
    assert len({header for _, _, header in inbox.arrived}) >= 1


def test_live_retries_go_on_for_three_days(client, url, clock, inbox, quiet):
    requests.post(f"{url}/_sandbox/deliveries", json={"retries": "live"})
    inbox.answers = [500] * 99
    client.v1.customers.create({"name": "Ada"})
    quiet()
    before = clock.now()
    while clock.now() - before < 3 * 86400 and len(inbox.arrived) < 50:
        clock.turn(by="1 hour")
        quiet()
    assert len(inbox.arrived) == 10


def test_only_known_schedules_are_followed(url):
    answer = requests.post(f"{url}/_sandbox/deliveries", json={"retries": "never"})
    assert (answer.status_code, answer.json()["error"].split(":")[0]) == (400, "retries")


# Sending again


def test_an_event_can_be_sent_several_times(client, url, inbox, quiet):
    client.v1.customers.create({"name": "Ada"})
    quiet()
    (event,) = client.v1.events.list().data
    assert requests.post(f"{url}/_sandbox/events/{event.id}/send", json={"times": 3}).json() == {"deliveries": 3}
    quiet()
    assert [told["id"] for told, _, _ in inbox.arrived] == [event.id] * 4
    assert requests.post(f"{url}/_sandbox/events/{event.id}/send", json={"times": 0}).status_code == 400


@pytest.mark.parametrize("order", ["created", "reverse", "shuffle"])
def test_everything_since_an_event_comes_again_in_the_order_wished_for(client, url, inbox, quiet, order):
    for name in "abcdef":
        client.v1.customers.create({"name": name})
    quiet()
    first = [event["id"] for event, _, _ in inbox.arrived][1:]
    inbox.arrived.clear()
    wish = {"since": first[0], "order": order, "seed": 7}
    answer = requests.post(f"{url}/_sandbox/replay", json=wish).json()
    quiet()
    again = [event["id"] for event, _, _ in inbox.arrived]
    assert again == answer["events"]
    assert sorted(again) == sorted(first)
    assert {"created": again == first, "reverse": again == first[::-1], "shuffle": again != first}[order]
    assert requests.post(f"{url}/_sandbox/replay", json=wish).json()["events"] == again


def test_everything_since_an_instant_comes_again(client, url, clock, inbox, quiet):
    client.v1.customers.create({"name": "early"})
    now = clock.turn(by="1 day")
    client.v1.customers.create({"name": "late"})
    assert requests.post(f"{url}/_sandbox/replay", json={"since": now}).json()["deliveries"] == 1
    quiet()
    assert [event["data"]["object"]["name"] for event, _, _ in inbox.arrived] == ["early", "late", "late"]


@pytest.mark.parametrize(
    ("wish", "field"), [({"since": "evt_none"}, "since"), ({"order": "x"}, "order"), ({"seed": "x"}, "seed")]
)
def test_a_replay_must_make_sense(url, wish, field):
    answer = requests.post(f"{url}/_sandbox/replay", json=wish)
    assert (answer.status_code, answer.json()["error"].split(":")[0]) == (400, field)


# The log


def test_events_are_listed_by_type_time_and_success(client, url, clock):
    client.v1.products.create({"name": "x"})
    before = clock.turn(by="1 hour")
    ada = client.v1.customers.create({"name": "Ada"})
    client.v1.customers.update(ada.id, {"name": "Bob"})

    def types(**filters):
        return [event.type for event in client.v1.events.list(filters).data]

    assert types(type="customer.*") == ["customer.updated", "customer.created"]
    assert types(types=["product.created", "customer.updated"]) == ["customer.updated", "product.created"]
    assert types(created={"gte": before}) == ["customer.updated", "customer.created"]
    assert types(delivery_success=True) == []
    assert len(types(delivery_success=False)) == 3  # the tests hold deliveries back
    with pytest.raises(stripe.InvalidRequestError, match="not both"):
        types(type="customer.*", types=["customer.created"])
    with pytest.raises(stripe.InvalidRequestError, match="at most 20"):
        types(types=["customer.created"] * 21)


def test_an_event_knows_how_many_endpoints_it_has_not_reached(client, url, clock, inbox, quiet):
    requests.post(f"{url}/_sandbox/deliveries", json={"retries": "sandbox"})
    register(client, f"{inbox.url}/a", ["customer.created"])
    inbox.answers = [500]
    client.v1.customers.create({"name": "Ada"})
    quiet()
    assert client.v1.events.list().data[0].pending_webhooks == 1
    clock.turn(by="10 minutes")
    quiet()
    assert client.v1.events.list({"delivery_success": True}).data[0].pending_webhooks == 0


def test_an_event_is_kept_for_thirty_days(client, url, clock):
    client.v1.customers.create({"name": "Ada"})
    (event,) = client.v1.events.list().data
    clock.turn(by="29 days")
    assert client.v1.events.retrieve(event.id).id == event.id
    clock.turn(by="1 day")
    assert client.v1.events.list().data == []
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.events.retrieve(event.id)
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    assert len(requests.get(f"{url}/_sandbox/events").json()["data"]) == 1
