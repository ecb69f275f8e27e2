"""Removing a card: never the one that a live plan is paid with."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app.gateway.client import client
from tests.cast import Browser
from tests.helpers import Sandbox
from tests.payment_methods.conftest import MASTERCARD, VISA, cards_of, the_card

Subscribe = Callable[..., None]
Save = Callable[..., None]


def remove(browser: Browser, last4: str, token: str = "t" * 22) -> Any:
    return browser.post(f"/payment-methods/{the_card(browser, last4).public_id}/removal", data={"token": token})


def test_a_second_thought_is_asked_for_first(ada: Browser, subscribe: Subscribe, save_card: Save):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    page = ada.get(f"/payment-methods/{the_card(ada, '4444').public_id}/removal").text
    assert "<h1>Remove Mastercard •••• 4444?</h1>" in page
    assert len(cards_of(ada)) == 2


def test_it_is_gone_here_and_at_stripe(ada: Browser, subscribe: Subscribe, save_card: Save, sandbox: Sandbox):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    page = ada.get(remove(ada, "4444").location).text
    assert "Mastercard •••• 4444 was removed." in page
    assert [card.last4 for card in cards_of(ada)] == ["4242"]
    customer = str(ada.organization.stripe_customer_id)
    assert [card.card.last4 for card in client().v1.customers.payment_methods.list(customer).data] == ["4242"]


def test_the_last_card_of_a_live_plan_stays_and_canceling_is_offered(ada: Browser, subscribe: Subscribe):
    subscribe(ada)
    answer = remove(ada, "4242")
    assert answer.status_code == 409
    assert "Growth has no other card to be paid with." in answer.text
    assert "Cancel subscription" in answer.text
    assert len(cards_of(ada)) == 1


def test_the_card_in_use_stays_until_another_is_the_default(ada: Browser, subscribe: Subscribe, save_card: Save):
    subscribe(ada)
    save_card(ada, MASTERCARD)
    answer = remove(ada, "4444")
    assert answer.status_code == 409
    assert "Growth is paid with this card. Make another card the default first." in answer.text
    assert remove(ada, "4242").status_code == 303


def test_a_plan_that_ends_needs_its_card_until_then(ada: Browser, subscribe: Subscribe):
    subscribe(ada)
    ada.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused"})
    answer = remove(ada, "4242")
    assert answer.status_code == 409
    assert "has no other card. Remove it after that." in answer.text
    assert "Cancel subscription" not in answer.text


def test_without_a_plan_the_last_card_may_go(ada: Browser, save_card: Save):
    save_card(ada, VISA, name="Ada", country="GB")
    assert remove(ada, "4242").status_code == 303
    assert cards_of(ada) == []


def test_removed_in_another_tab_it_gets_a_clear_sentence(
    ada: Browser, subscribe: Subscribe, save_card: Save, sandbox: Sandbox
):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    address = f"/payment-methods/{the_card(ada, '4444').public_id}/removal"
    ada.post(address, data={"token": "a" * 22})
    for again in (lambda: ada.get(address), lambda: ada.post(address, data={"token": "b" * 22})):
        assert "it may have been removed in another tab. Nothing was changed." in ada.get(again().location).text


def test_detached_at_stripe_before_we_heard_it_gets_the_same(ada: Browser, subscribe: Subscribe, save_card: Save):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    client().v1.payment_methods.detach(the_card(ada, "4444").stripe_id)
    page = ada.get(remove(ada, "4444").location).text
    assert "it may have been removed in another tab." in page
    assert [card.last4 for card in cards_of(ada)] == ["4242"]


def test_the_other_card_gone_at_stripe_makes_this_one_the_last(ada: Browser, subscribe: Subscribe, save_card: Save):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    client().v1.payment_methods.detach(the_card(ada, "4242").stripe_id)
    answer = remove(ada, "4444")
    assert answer.status_code == 409
    assert [card.last4 for card in cards_of(ada)] == ["4444"]


def test_pressed_twice_at_once_it_is_removed_once_without_an_error(ada: Browser, subscribe: Subscribe, save_card: Save):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    address = f"/payment-methods/{the_card(ada, '4444').public_id}/removal"
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: ada.post(address, data={"token": "t" * 22}), range(2)))
    assert {answer.status_code for answer in answers} == {303}
    assert [card.last4 for card in cards_of(ada)] == ["4242"]


def test_without_a_token_nothing_is_removed(ada: Browser, subscribe: Subscribe, save_card: Save):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    assert remove(ada, "4444", token="").status_code == 400
    assert len(cards_of(ada)) == 2


def test_one_token_removes_the_card_of_its_page_and_a_second_page_its_own(
    ada: Browser, subscribe: Subscribe, save_card: Save
):
    subscribe(ada)
    for number in (MASTERCARD, "4000056655665556"):
        save_card(ada, number, default=False)
    assert [remove(ada, last4).status_code for last4 in ("4444", "5556")] == [303, 303]
    assert [card.last4 for card in cards_of(ada)] == ["4242"]
