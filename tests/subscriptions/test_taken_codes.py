"""A promotion code works once for an organization, and a form sent again says no more than what holds."""

from collections.abc import Callable

import pytest

from app.catalog.models import Price
from app.core import clock
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work
from tests.promotions.codes import make_code
from tests.subscriptions.test_promotion import CODE, look, of, press, removal, take, words

Subscribe = Callable[..., None]
Prices = Callable[..., Price]
USED = "Your organization has used this code before, and each code works once."


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe, sandbox: Sandbox) -> Browser:
    """To Growth, with two codes at hand: SPRING20 for three months and HALF for one payment."""
    subscribe(ada, "growth")
    make_code(sandbox)
    make_code(sandbox, "HALF", {"percent_off": "50", "duration": "once"})
    return ada


def let_go(browser: Browser, sandbox: Sandbox, **fields: str) -> None:
    assert press(browser, removal(browser), **fields).status_code == 303
    work(sandbox)


def test_a_code_for_one_payment_is_not_taken_for_the_next_one(subscribed: Browser, sandbox: Sandbox):
    assert take(subscribed, "HALF").status_code == 303
    for step in ("1 month", "3 hours"):
        sandbox.turn_clock(step)
        work(sandbox)
    clock.refresh()
    assert of(subscribed).discounts == []
    page = look(subscribed, "half")
    assert (page.status_code, USED in words(page)) == (422, True)


def test_a_code_that_was_removed_does_not_begin_anew(subscribed: Browser, sandbox: Sandbox):
    page = look(subscribed)
    take(subscribed)
    let_go(subscribed, sandbox)
    assert USED in words(look(subscribed))
    assert USED in words(press(subscribed, page))
    assert of(subscribed).discounts == []


def test_the_code_of_checkout_is_not_taken_once_more(ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox):
    make_code(sandbox, "HALF", {"percent_off": "50", "duration": "once"})
    form = {"token": "t" * 22, "name": "Analytical Engines", "country": "GB", "promotion_code": "HALF"}
    answer = ada.post(f"/checkout/{nexus('growth').public_id}", data=form)
    card.confirm(answer.get_json()["client_secret"], "4242424242424242")
    work(sandbox)
    assert USED in words(look(ada, "HALF"))


def test_a_start_that_was_never_paid_takes_no_code(ada: Browser, nexus: Prices, sandbox: Sandbox):
    make_code(sandbox)
    form = {"name": "Analytical Engines", "country": "GB", "promotion_code": "SPRING20"}
    for plan, token in (("growth", "a" * 22), ("pro", "b" * 22)):
        answer = ada.post(f"/checkout/{nexus(plan).public_id}", data=form | {"token": token})
        assert answer.status_code == 200, answer.text
        work(sandbox)


def test_another_organization_takes_it_too(subscribed: Browser, cleo: Browser, subscribe: Subscribe):
    take(subscribed)
    subscribe(cleo, "growth")
    assert take(cleo).status_code == 303


def test_a_form_sent_again_does_not_say_that_a_code_is_applied_which_is_gone(subscribed: Browser, sandbox: Sandbox):
    page = look(subscribed)
    assert press(subscribed, page).status_code == 303
    work(sandbox)
    let_go(subscribed, sandbox)
    subscribed.get("/subscription")  # where both were said
    assert press(subscribed, page).status_code == 409
    assert "is applied" not in subscribed.get("/subscription").text


def test_one_token_lets_one_discount_go(subscribed: Browser, sandbox: Sandbox):
    for code in ("SPRING20", "HALF"):
        take(subscribed, code)
        work(sandbox)
    let_go(subscribed, sandbox, token="t" * 22)
    assert press(subscribed, removal(subscribed), token="t" * 22).status_code == 409
    assert len(of(subscribed).discounts) == 1


def test_an_order_begun_before_keeps_the_last_use_of_its_code(
    ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox
):
    make_code(sandbox, max_redemptions=1)
    form = {"name": "Analytical Engines", "country": "GB", "promotion_code": "SPRING20"}
    growth, pro = (f"/checkout/{nexus(plan).public_id}" for plan in ("growth", "pro"))
    ada.post(growth, data=form | {"token": "a" * 22})
    refused = ada.post(pro, data=form | {"token": "b" * 22})
    assert (refused.status_code, "order you began before" in refused.get_json()["error"]) == (409, True)
    assert ada.post(growth, data=form | {"token": "c" * 22}).get_json()["kind"] == "payment"


def test_nothing_that_is_no_code_is_remembered(subscribed: Browser):
    assert subscribed.post(CODE, data={"promotion_code": "\0", "amount": "1", "token": "t" * 22}).status_code == 422
