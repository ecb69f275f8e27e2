"""The control panel, through its pages and buttons."""

import re

import pytest
import stripe
from flask.testing import FlaskClient

from sandbox.billing.cards import TABLE
from sandbox.core import Sandbox
from sandbox.panel.cards import deed, spaced
from sandbox.panel.guard import is_local_name
from sandbox.server import create_app
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
    assert 7 * 86400 <= box.clock.now() - before <= 7 * 86400 + 2


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
    assert box.clock.now() - before < 2


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


def test_pages_that_do_not_exist_are_not_found(panel: FlaskClient) -> None:
    for address in ("/panel/objects/unicorn", "/panel/objects/customer/cus_none", "/panel/events/evt_none"):
        assert panel.get(address).status_code == 404
    assert panel.post("/panel/events/evt_none/send").status_code == 404
