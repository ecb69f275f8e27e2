"""Seats at checkout: as many as were typed are shown, charged and had; anything else is said beside the field."""

import re
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup

from app.catalog.models import Price
from app.core.extensions import db
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work

Shop = Callable[..., Price]
WRONG = ["0", "-1", "1.5", "1000000000000", "many", "1", "51", "٣", "2 3", "\0"]


def pay(browser: Browser, price: Price, **fields: str) -> dict[str, str]:
    form = {"token": "t" * 22, "name": "Analytical Engines Ltd", "country": "GB", **fields}
    found: dict[str, str] = browser.post(f"/checkout/{price.public_id}", data=form).get_json()
    return found


def test_the_seats_wanted_are_shown_paid_and_had(ada: Browser, shop: Shop, card: CardForm, sandbox: Sandbox):
    team = shop("team")
    page = ada.get(f"/checkout/{team.public_id}?quantity=7").text
    assert "Pay $70.00" in page
    assert re.search(r'name="quantity" type="number"[^>]*min="2" max="50"[^>]*\svalue="7"', page)
    card.confirm(pay(ada, team, quantity="7", amount="7000")["client_secret"], "4242424242424242")
    work(sandbox)
    subscription = db.session.scalars(Subscription.of(ada.organization)).one()
    assert (subscription.portal_state, subscription.quantity) == ("active", 7)
    assert [charge["amount"] for charge in sandbox.objects("charges")] == [7000]


def test_without_a_number_it_is_the_fewest_there_are(ada: Browser, shop: Shop):
    assert "Pay $20.00" in ada.get(f"/checkout/{shop('team').public_id}").text


@pytest.mark.parametrize("typed", WRONG)
def test_a_number_that_cannot_be_is_said_beside_its_field(ada: Browser, shop: Shop, typed: str):
    page = ada.get(f"/checkout/{shop('team').public_id}", query_string={"quantity": typed})
    assert page.status_code == 422
    error = BeautifulSoup(page.text, "html.parser").select_one("#quantity-error")
    assert "Team has from 2 to 50 seats. Enter a whole number between them." in error.get_text()
    assert "Pay $20.00" in page.text


@pytest.mark.parametrize("typed", WRONG)
def test_nor_can_it_be_paid(ada: Browser, shop: Shop, sandbox: Sandbox, typed: str):
    answer = pay(ada, shop("team"), quantity=typed)
    assert "Team has from 2 to 50 seats." in answer["error"]
    assert sandbox.objects("subscriptions", status="all") == []


def test_a_plan_without_seats_is_bought_once(ada: Browser, shop: Shop):
    solo = shop("solo")
    assert 'name="quantity" type="number"' not in ada.get(f"/checkout/{solo.public_id}").text
    page = ada.get(f"/checkout/{solo.public_id}?quantity=3")
    assert page.status_code == 422
    assert "Solo has no seats to choose; it is bought once." in page.text
    assert "Solo has no seats to choose" in pay(ada, solo, quantity="3")["error"]


def test_an_unfinished_start_with_other_seats_is_not_taken_up(
    ada: Browser, shop: Shop, card: CardForm, sandbox: Sandbox
):
    team = shop("team")
    pay(ada, team, quantity="3", token="a" * 22)
    again = ada.get(f"/checkout/{team.public_id}").text
    assert "Pay $30.00" in again
    secret = pay(ada, team, quantity="4", token="b" * 22, amount="4000")["client_secret"]
    card.confirm(secret, "4242424242424242")
    work(sandbox)
    assert [
        (s["status"], s["items"]["data"][0]["quantity"]) for s in sandbox.objects("subscriptions", status="all")
    ] == [
        ("active", 4),
        ("canceled", 3),
    ]
