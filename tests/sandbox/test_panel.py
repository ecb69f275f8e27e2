"""The control panel, through its pages and buttons."""

import re
import threading
from datetime import UTC, datetime
from typing import Literal

import pytest
import requests
import stripe
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from sandbox.agenda import Agenda
from sandbox.billing.payments.cards import TABLE
from sandbox.core import Sandbox
from sandbox.panel.cards import deed, spaced
from sandbox.panel.guard import is_local_name
from sandbox.server import create_app
from sandbox.store import Key
from tests.sandbox.shop import Shop


@pytest.fixture
def panel(box: Sandbox) -> FlaskClient:
    return create_app(box).test_client()


@pytest.fixture
def ada(client: stripe.StripeClient) -> str:
    """A customer with a name that means harm, and the id of nothing."""
    return client.v1.customers.create({"name": "Ada <b>Lovelace</b>", "metadata": {"of": "cus_none"}}).id


def press(panel: FlaskClient, address: str, **form: str) -> str:
    answer = panel.post(address, data=form, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def created(box: Sandbox, id: str) -> str:
    """The event about the making of an object."""
    return next(str(event["id"]) for event in box.events.list() if event["data"]["object"]["id"] == id)


def test_a_button_turns_the_clock_by_what_it_says(panel: FlaskClient, box: Sandbox) -> None:
    before = box.clock.now()
    assert "The clock was turned." in press(panel, "/panel/clock", by="1 week")
    assert 7 * 86400 <= box.clock.now() - before <= 7 * 86400 + 60


def test_the_way_to_the_next_event_is_closed_while_nothing_waits(panel: FlaskClient) -> None:
    assert "disabled>To the next event" in panel.get("/").text
    assert "nothing is waiting" in press(panel, "/panel/clock", to="next")


def test_an_object_is_found_by_its_type_and_its_ids_are_links(panel: FlaskClient, ada: str) -> None:
    assert "customer</a>" in panel.get("/panel/objects").text
    assert f"/panel/objects/customer/{ada}" in panel.get("/panel/objects/customer").text
    shown = panel.get(f"/panel/objects/customer/{ada}").text
    assert f'"<a href="/panel/objects/customer/{ada}">{ada}</a>"' in shown
    assert 'href="/panel/objects/customer/cus_none"' not in shown  # an id of nothing leads nowhere


def test_instants_in_an_object_can_be_read(panel: FlaskClient, ada: str) -> None:
    assert "1 Jan 2027, 00:00" in panel.get(f"/panel/objects/customer/{ada}").text


def test_markup_in_an_object_stays_text(panel: FlaskClient, ada: str) -> None:
    for address in ("/panel/objects/customer", f"/panel/objects/customer/{ada}", "/panel/requests"):
        page = panel.get(address).text
        assert "Ada &lt;b&gt;Lovelace" in page
        assert "<b>Lovelace" not in page


def test_the_secret_of_an_endpoint_is_never_shown(panel: FlaskClient, box: Sandbox) -> None:
    endpoint = box.store.list("webhook_endpoint")[0]
    page = panel.get(f"/panel/objects/webhook_endpoint/{endpoint['id']}").text
    assert endpoint["url"] in page
    assert endpoint["_secret"] not in page
    assert panel.get("/panel/objects/_delivery").status_code == 404


def test_an_event_shows_its_deliveries_and_can_be_sent_again(panel: FlaskClient, box: Sandbox, ada: str) -> None:
    address = f"/panel/events/{created(box, ada)}"
    assert panel.get(address).text.count("/webhooks</span>") == 1
    page = press(panel, f"{address}/send")
    assert "Sent again to 1 endpoint." in page
    assert page.count("/webhooks</span>") == 2


def test_events_are_filtered_by_type(panel: FlaskClient, ada: str) -> None:
    assert ada in panel.get("/panel/events?type=customer.created").text
    assert ada not in panel.get("/panel/events?type=invoice.paid").text


def test_a_call_to_the_api_is_listed_with_its_parameters(panel: FlaskClient, ada: str) -> None:
    page = panel.get("/panel/requests").text
    assert "/v1/customers" in page
    assert "Lovelace" in page


def test_what_comes_next_is_named_and_comes(panel: FlaskClient, shop: Shop) -> None:
    shop.subscribe(shop.customer(), shop.price(), trial_period_days=14)
    told = []
    for _ in range(5):
        told += re.findall("Next: (.+?) on <time", panel.get("/").text)
        assert "The clock was turned." in press(panel, "/panel/clock", to="next")
    assert told == [
        "End of the trial is announced",
        "Trial ends",
        "Draft invoice is finalized",
        "Renewal is announced",
        "Subscription renews",
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Host": "rebound.evil.example:12111", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_another_site_cannot_press_a_button(panel: FlaskClient, box: Sandbox, headers: dict[str, str]) -> None:
    before = box.clock.now()
    assert panel.post("/panel/clock", data={"by": "1 month"}, headers=headers).status_code == 403
    assert box.clock.now() - before < 60


def test_a_person_on_the_panel_can_press_a_button(panel: FlaskClient) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
    assert panel.post("/panel/clock", data={"by": "1 day"}, headers=headers).status_code == 303


def test_only_names_without_a_domain_are_local() -> None:
    assert all(
        is_local_name(host) for host in ("127.0.0.1:12111", "[::1]:80", "localhost", "sandbox:12111", "demo.localhost")
    )
    assert not any(is_local_name(host) for host in ("evil.example", "127.0.0.1.evil.example:12111"))


def test_every_test_card_is_listed_with_what_it_does(panel: FlaskClient) -> None:
    page = panel.get("/panel/cards").text
    for card in TABLE.values():
        assert spaced(card.number) in page
        assert deed(card) in page


def test_the_clock_goes_where_a_row_says(panel: FlaskClient, box: Sandbox, shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer(), shop.price(), trial_period_days=30)
    page = panel.get("/").text
    (row,) = re.findall(r'value="(\d+)" aria-label="Turn the clock to', press(panel, "/panel/clock", by="1 day")) or [
        "0"
    ]
    assert "Next: End of the trial is announced" in page
    assert row == "0"  # one record has one next deed, and that is named above the list
    shop.subscribe(shop.customer(), shop.price(), trial_period_days=60)
    (row,) = re.findall(r'value="(\d+)" aria-label="Turn the clock to', panel.get("/").text)
    press(panel, "/panel/clock", to=row)
    assert box.clock.now() - int(row) < 60
    assert shop.reload(subscription).status == "active"
    assert "only goes forward" in press(panel, "/panel/clock", to="1")


def test_a_page_renews_itself_only_when_asked(panel: FlaskClient) -> None:
    assert "http-equiv" not in panel.get("/").text
    assert '<meta http-equiv="refresh" content="5">' in panel.get("/?refresh=1").text


def test_the_panel_answers_while_the_clock_turns(
    panel: FlaskClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.subscribe(shop.customer(), shop.price())
    reached, go_on, done = threading.Event(), threading.Event(), Agenda.done

    def stop_between_two_deeds(agenda: Agenda, key: Key, due: int) -> None:
        done(agenda, key, due)
        reached.set()
        go_on.wait(30)

    monkeypatch.setattr(Agenda, "done", stop_between_two_deeds)
    turning = threading.Thread(target=press, args=(panel, "/panel/clock"), kwargs={"by": "3 months"}, daemon=True)
    turning.start()
    try:
        assert reached.wait(30)
        for address in ("/", "/panel/customers", "/panel/events", "/panel/requests", "/panel/chaos", "/panel/settings"):
            assert "The clock is being turned to 1 Apr 2027" in panel.get(address).text
        assert "being turned already" in press(panel, "/panel/clock", by="1 day")
    finally:
        go_on.set()
        turning.join()
    assert "is being turned" not in panel.get("/").text


def test_a_customer_is_shown_with_everything_of_theirs(
    panel: FlaskClient, shop: Shop, client: stripe.StripeClient
) -> None:
    ada = shop.customer(name="Ada <i>", email="ada@example.com")
    subscription = shop.subscribe(ada, shop.price())
    client.v1.customers.balance_transactions.create(ada.id, {"amount": -500, "currency": "usd"})
    page = panel.get(f"/panel/customers/{ada.id}").text
    for name in ("Subscriptions", "Payment methods", "Payments", "Balance"):
        assert f"{name} <span" in page
    for id in (subscription.id, subscription["items"].data[0].id, subscription.latest_invoice.id):
        assert f">{id}</a>" in page
    assert "<i>" not in page
    found = panel.get("/panel/customers?q=ADA@example").text
    assert f"/panel/customers/{ada.id}" in found
    assert "No customer has this" in panel.get("/panel/customers?q=nobody").text
    assert panel.get("/panel/customers/cus_none").status_code == 404


def test_an_update_is_shown_as_old_and_new(panel: FlaskClient, box: Sandbox, client: stripe.StripeClient) -> None:
    ada = client.v1.customers.create({"name": "Ada", "metadata": {"a": "1"}})
    client.v1.customers.update(ada.id, {"name": "Bob", "metadata": {"b": "2"}})
    updated = box.events.list()[0]["id"]
    rows = re.findall(r"<tr><th[^>]*>(.+?)</th><td><del>(.*?)</del></td><td><ins>(.*?)</ins>", page_of(panel, updated))
    assert sorted(rows) == [("metadata.b", "null", "2"), ("name", "Ada", "Bob")]


def test_a_roll_over_of_the_period_is_shown_inside_the_item(panel: FlaskClient, box: Sandbox, shop: Shop) -> None:
    end = shop.subscribe(shop.customer(), shop.price())["items"].data[0].current_period_end
    press(panel, "/panel/clock", by="1 month")
    renewed = next(event for event in box.events.list() if event["type"] == "customer.subscription.updated")
    page = page_of(panel, renewed["id"])
    shown = f"{datetime.fromtimestamp(end, UTC):%-d %b %Y, %H:%M:%S}"
    assert f">items.data[0].current_period_end</th><td><del>{shown}</del></td><td><ins>1 Mar 2027" in page


def page_of(panel: FlaskClient, event_id: str) -> str:
    return panel.get(f"/panel/events/{event_id}").text


def test_an_event_is_sent_twice_or_with_all_that_followed(panel: FlaskClient, box: Sandbox, ada: str) -> None:
    address = f"/panel/events/{created(box, ada)}"
    assert press(panel, f"{address}/send", times="2").count("/webhooks</span>") == 3
    assert "1 webhook sent again" in press(panel, f"{address}/replay", order="shuffle")
    assert panel.post(f"{address}/replay", data={"order": "sideways"}).status_code == 400


def test_requests_are_filtered_by_path_and_outcome(panel: FlaskClient, client: stripe.StripeClient, ada: str) -> None:
    for _ in range(2):
        client.v1.customers.update(ada, {"name": "Ada"}, {"idempotency_key": "once"})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.retrieve("cus_none")
    refused = panel.get("/panel/requests?outcome=refused").text
    assert "cus_none" in refused
    assert "Lovelace" not in refused
    found = panel.get(f"/panel/requests?path=POST /v1/customers/{ada}").text
    assert found.count("<details>") == 2
    assert "replayed" in found
    assert 'key <span class="id">once</span>' in found
    assert "customer.updated</a>" in found
    assert "No call of these" in panel.get("/panel/requests?path=/v1/nothing").text


def test_a_fault_is_set_strikes_and_is_cleared(panel: FlaskClient, client: stripe.StripeClient, ada: str) -> None:
    page = press(panel, "/panel/chaos", call="rate_limit", count="2", method="POST", seconds="", customer=ada)
    assert "The fault is set." in page
    assert "call: rate limit" in page
    with pytest.raises(stripe.RateLimitError):
        client.v1.customers.update(ada, {"name": "Bob"})
    assert "struck" in panel.get("/panel/chaos").text
    assert "rate limit</span>" in panel.get("/panel/requests").text
    assert "The plan is empty." in press(panel, "/panel/chaos/clear")
    client.v1.customers.update(ada, {"name": "Bob"})


def test_held_webhooks_are_released_by_a_button(panel: FlaskClient, client: stripe.StripeClient) -> None:
    press(panel, "/panel/chaos", webhook="hold", count="all", types="customer.*, product.created")
    client.v1.customers.create({"name": "Ada"})
    client.v1.products.create({"name": "Growth"})
    assert "2 webhooks held" in panel.get("/panel/chaos").text
    assert "2 webhooks released" in press(panel, "/panel/chaos/release", order="reverse")


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"call": "explode"}, "fault: choose one of the list"),
        ({"call": "error", "count": "often"}, "count: must be a number"),
        ({"webhook": "drop", "types": "nonsense"}, "types: nonsense is no event type"),
        ({"charge": "lost_card", "probability": "7"}, "probability: must be a number from 0 to 1"),
    ],
)
def test_a_fault_that_makes_no_sense_is_told(panel: FlaskClient, form: dict[str, str], problem: str) -> None:
    answer = panel.post("/panel/chaos", data=form)
    assert answer.status_code == 400
    assert f"This fault was not set. {problem}" in answer.text


def test_settings_hand_out_keys_and_secrets(panel: FlaskClient, box: Sandbox) -> None:
    endpoint = box.store.list("webhook_endpoint")[0]
    page = panel.get("/panel/settings").text
    for value in ("sk_test_sandbox", "pk_test_sandbox", endpoint["_secret"]):
        assert f'value="{value}" readonly' in page
    secret = endpoint["_secret"]
    try:
        assert "signs as well until" in press(panel, f"/panel/endpoints/{endpoint['id']}/roll")
        assert endpoint["_secret"] != secret
        assert "Enable</button>" in press(panel, f"/panel/endpoints/{endpoint['id']}/switch")
        assert "Disable</button>" in press(panel, f"/panel/endpoints/{endpoint['id']}/switch")
    finally:
        with box.transaction():
            box.store.update(endpoint, _secret=secret, _older_secrets=[])
    assert panel.post("/panel/endpoints/we_none/roll").status_code == 404


def test_the_account_bills_as_the_form_says(panel: FlaskClient, url: str) -> None:
    form = {
        "retries": "1, 2",
        "after_retries": "cancel",
        "invoice_after_retries": "uncollectible",
        "upcoming_days": "7",
    }
    assert "bills like this" in press(panel, "/panel/settings/billing", **form)
    assert requests.get(f"{url}/_sandbox/billing").json() == {**form, "retries": [1, 2], "upcoming_days": 7}
    for wrong, told in (("soon", "Days are whole numbers."), ("99", "retries: a list of at most")):
        answer = panel.post("/panel/settings/billing", data={**form, "retries": wrong})
        assert answer.status_code == 400
        assert f"Nothing was changed. {told}" in answer.text
    assert requests.get(f"{url}/_sandbox/billing").json()["retries"] == [1, 2]


def test_deliveries_are_held_and_their_schedule_is_chosen(panel: FlaskClient, box: Sandbox, url: str) -> None:
    assert "Let webhooks go" in press(panel, "/panel/settings/deliveries", paused="yes")
    assert requests.get(f"{url}/_sandbox/deliveries/pending").json()["paused"]
    assert "Hold webhooks back" in press(panel, "/panel/settings/deliveries", paused="no")
    assert '<option value="live" selected>' in press(panel, "/panel/settings/deliveries", retries="live")
    assert box.courier.retries == "live"


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_every_page_is_fit_to_be_read(
    browser: Browser, shop: Shop, box: Sandbox, url: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    """Nothing that axe finds wrong (labels, contrast, tables, focus), nothing wider than the window, no script."""
    ada = shop.customer(name="Ada", email="ada@example.com")
    shop.subscribe(ada, shop.price())
    requests.post(f"{url}/_sandbox/faults", json={"plan": [{"webhook": "hold", "count": 2}]})
    requests.post(f"{url}/_sandbox/clock", json={"by": "1 month"})
    renewed = next(event["id"] for event in box.events.list() if event["type"] == "customer.subscription.updated")
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    places = (
        "/",
        "/panel/customers",
        f"/panel/customers/{ada.id}",
        "/panel/objects",
        f"/panel/objects/customer/{ada.id}",
    )
    places += ("/panel/events", f"/panel/events/{renewed}", "/panel/requests", "/panel/chaos", "/panel/settings")
    for place in places:
        page.goto(url + place)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
        found = [f"{one['id']}: {one['nodes'][0]['html']}" for one in Axe().run(page).response["violations"]]
        assert (place, found) == (place, [])
        assert (place, page.evaluate("document.documentElement.scrollWidth")) == (place, width)
    page.close()


def test_pages_that_do_not_exist_are_not_found(panel: FlaskClient) -> None:
    for address in ("/panel/objects/unicorn", "/panel/objects/customer/cus_none", "/panel/events/evt_none"):
        assert panel.get(address).status_code == 404
    assert panel.post("/panel/events/evt_none/send").status_code == 404


def test_a_turn_of_the_panel_goes_no_further_than_one_of_the_control_door(panel: FlaskClient, box: Sandbox) -> None:
    before = box.clock.now()
    for to in ("1800000000000", "9" * 5000):
        assert "The clock stays" in press(panel, "/panel/clock", to=to)
    assert "at most 20 years" in press(panel, "/panel/clock", to="1800000000000")
    assert box.clock.now() - before < 60
