"""One trial per card: whoever brings a used one may pay at once or use another, and nothing is charged without a press."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core.extensions import db
from app.subscriptions.trial_cards import TrialCard
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work
from tests.promotions.codes import at_stripe, make_code

from .on_trial import OTHER, Terms, form, of, saves, shown, start_plainly, told

NO_MONEY_LATER = "4000000000000341"


@pytest.fixture
def used(ada: Browser, sold: Terms, card: CardForm, sandbox: Sandbox) -> str:
    """Ada's trial began with the usual card; answers the price."""
    price = sold()
    ada.get(f"/checkout/return/{saves(ada, price, card)}")
    work(sandbox)
    return price


def refused(browser: Browser, price: str, card: CardForm, number: str = "4242424242424242") -> str:
    """Where the return page leads somebody with a used card."""
    intent = saves(browser, price, card, number, token="c" * 22)
    answer = browser.get(f"/checkout/return/{intent}")
    assert answer.location == f"/checkout/return/{intent}/payment"
    return str(answer.location)


def test_a_used_card_begins_no_second_trial_and_the_page_says_what_it_can_do(
    used: str, cleo: Browser, card: CardForm, sandbox: Sandbox
):
    page = cleo.get(refused(cleo, used, card)).text
    assert "This card has already been used for a trial. Start Solo now for $29.00." in page
    assert "Visa •••• 4242" in page
    assert "Use another card" in page
    work(sandbox)
    assert len(sandbox.objects("subscriptions", status="all")) == 1
    assert sandbox.objects("charges") == []


def test_the_event_alone_begins_none_either(used: str, cleo: Browser, card: CardForm, sandbox: Sandbox):
    saves(cleo, used, card, token="c" * 22)
    work(sandbox)
    assert len(sandbox.objects("subscriptions", status="all")) == 1


def test_the_card_that_was_refused_pays_when_it_is_pressed(used: str, cleo: Browser, card: CardForm, sandbox: Sandbox):
    address = refused(cleo, used, card)
    press = {"token": "p" * 22, "amount": shown(cleo.get(address).text)}
    assert cleo.post(address, data=press).location == "/subscription"
    assert cleo.post(address, data=press).location == "/subscription"
    work(sandbox)
    assert of(cleo).portal_state == "active"
    assert [charge["amount"] for charge in sandbox.objects("charges")] == [2900]
    assert "subscription.started" in told(cleo)


def test_two_presses_at_once_pay_once(used: str, cleo: Browser, card: CardForm, sandbox: Sandbox):
    address = refused(cleo, used, card)
    with ThreadPoolExecutor(2) as tabs:
        list(tabs.map(lambda token: cleo.post(address, data={"token": token * 22, "amount": "2900"}), "pq"))
    assert len(sandbox.objects("charges")) == 1


def test_another_amount_than_shown_is_not_charged(used: str, cleo: Browser, card: CardForm, sandbox: Sandbox):
    answer = cleo.post(refused(cleo, used, card), data={"token": "p" * 22, "amount": "1"})
    assert answer.status_code == 409
    assert "The amount has changed" in answer.text
    assert sandbox.objects("charges") == []


def test_an_amount_that_is_none_shows_the_page_again(used: str, cleo: Browser, card: CardForm, sandbox: Sandbox):
    address = refused(cleo, used, card)
    for amount in ("", "-1", "1.5", "1" * 13, "\0"):
        assert cleo.post(address, data={"token": "p" * 22, "amount": amount}).location == address
    assert sandbox.objects("charges") == []


def test_a_card_without_money_leaves_nothing_behind(
    ada: Browser, cleo: Browser, sold: Terms, card: CardForm, sandbox: Sandbox
):
    price = sold()
    ada.get(f"/checkout/return/{saves(ada, price, card, NO_MONEY_LATER)}")
    answer = cleo.post(refused(cleo, price, card, NO_MONEY_LATER), data={"token": "p" * 22, "amount": "2900"})
    assert answer.status_code == 402
    assert "Nothing was charged" in answer.text
    work(sandbox)
    assert sandbox.objects("subscriptions", customer=str(cleo.organization.stripe_customer_id)) == []


def test_with_another_card_the_trial_begins(used: str, cleo: Browser, card: CardForm, sandbox: Sandbox):
    refused(cleo, used, card)
    cleo.get(f"/checkout/return/{saves(cleo, used, card, OTHER, token='o' * 22)}")
    assert of(cleo).portal_state == "trialing"


def test_of_two_organizations_with_one_card_at_the_same_moment_one_gets_the_trial(
    ada: Browser, cleo: Browser, sold: Terms, card: CardForm, sandbox: Sandbox
):
    price = sold()
    sandbox.hold_events()
    intents = [(ada, saves(ada, price, card, token="a" * 22)), (cleo, saves(cleo, price, card, token="c" * 22))]
    with ThreadPoolExecutor(2) as tabs:
        list(tabs.map(lambda one: one[0].get(f"/checkout/return/{one[1]}"), intents))
    sandbox.hold_events(held=False)
    work(sandbox)
    assert len(sandbox.objects("subscriptions", status="all")) == 1


def test_the_same_card_again_in_the_same_organization_is_no_matter(
    ada: Browser, sold: Terms, card: CardForm, sandbox: Sandbox
):
    price = sold()
    first, second = (saves(ada, price, card, token=token * 22) for token in "ab")
    for intent in (first, second):
        assert ada.get(f"/checkout/return/{intent}").status_code == 200
    assert len(sandbox.objects("subscriptions", status="all")) == 1


def test_a_card_that_comes_into_a_trial_later_is_used_too(
    ada: Browser, cleo: Browser, sold: Terms, card: CardForm, use_card: Callable[[Browser, str], None], sandbox: Sandbox
):
    price = sold(card="optional")
    start_plainly(ada, price)
    work(sandbox)
    use_card(ada, OTHER)
    assert db.session.query(TrialCard).count() == 1
    sold()
    assert refused(cleo, price, card, OTHER)


def test_strangers_and_members_do_not_pay_with_anothers_card(
    used: str, cleo: Browser, ada: Browser, person: Callable[..., Browser], card: CardForm, sandbox: Sandbox
):
    address = refused(cleo, used, card)
    dora = person("Dora", cleo.organization, "member")
    stranger = person("Eve", "Echo Ltd")
    press = {"token": "p" * 22, "amount": "2900"}
    assert dora.post(address, data=press).status_code == 403
    assert (stranger.get(address).status_code, stranger.post(address, data=press).status_code) == (404, 404)
    assert sandbox.objects("charges") == []


def test_whoever_has_a_plan_by_now_is_led_to_it(used: str, ada: Browser, cleo: Browser, card: CardForm):
    address = refused(cleo, used, card)
    cleo.post(address, data={"token": "p" * 22, "amount": "2900"})
    assert cleo.get(address).location == "/subscription"
    assert cleo.post(address, data={"token": "q" * 22, "amount": "2900"}).location == "/subscription"


def test_a_code_that_died_meanwhile_is_said_and_the_price_shown_without_it(
    used: str, cleo: Browser, card: CardForm, sandbox: Sandbox
):
    code = make_code(sandbox)
    answer = cleo.post(f"/checkout/{used}", data=form(cleo, "c" * 22, promotion_code="SPRING20")).get_json()
    intent = card.confirm(answer["client_secret"], "4242424242424242")["id"]
    address = f"/checkout/return/{intent}/payment"
    press = {"token": "p" * 22, "amount": shown(cleo.get(address).text)}
    assert press["amount"] == "2320"
    at_stripe(sandbox, f"promotion_codes/{code}", active=False)
    page = cleo.post(address, data=press)
    assert page.status_code == 409
    assert "Your promotion code no longer counts" in page.text
    assert shown(page.text) == "2900"
    assert sandbox.objects("charges") == []
