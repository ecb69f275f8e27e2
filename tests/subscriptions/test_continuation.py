"""After a trial that ended without a card: a card brings the plan back and pays its first period, once."""

from collections.abc import Callable

import pytest

from tests.cast import Browser
from tests.helpers import CardForm, Mailbox, Sandbox, work

from .on_trial import GOOD, Terms, of, shown, start_plainly, told, turn

ADDRESS = "/subscription/continuation"
DECLINED_LATER = "4000000000000341"


@pytest.fixture
def over(ada: Browser, sold: Terms, sandbox: Sandbox) -> Browser:
    """Ada's trial ended without a card a while ago."""
    start_plainly(ada, sold(card="optional", end="pause"))
    turn(sandbox, "20 days")
    return ada


def adds(browser: Browser, card: CardForm, number: str = GOOD, token: str = "g" * 22) -> str:
    """Save a card to go on; answers the setup intent's id."""
    amount = shown(browser.get(ADDRESS).text)
    answer = browser.post(ADDRESS, data={"token": token, "amount": amount}).get_json()
    return str(card.confirm(answer["client_secret"], number)["id"])


def paid(sandbox: Sandbox) -> list[int]:
    return [charge["amount"] for charge in sandbox.objects("charges") if charge["paid"]]


def test_every_page_says_how_to_go_on(over: Browser):
    for address in ("/", "/subscription"):
        page = over.get(address).text
        assert "Add a card to go on" in page
        assert ADDRESS in page
    assert over.get("/subscription/resume").location == ADDRESS


def test_the_end_is_told_by_mail(over: Browser, mailbox: Mailbox):
    (mail,) = [mail for mail in mailbox.to(over.user.email) if mail["subject"] == "Your Solo trial has ended"]
    assert ADDRESS in mail["text"]


def test_a_card_brings_the_plan_back_and_pays_at_once(over: Browser, card: CardForm, sandbox: Sandbox):
    assert "Pay $29.00 and go on" in over.get(ADDRESS).text
    intent = adds(over, card)
    assert over.get(f"{ADDRESS}/return/{intent}").location == "/subscription"
    assert (of(over).portal_state, paid(sandbox)) == ("active", [2900])
    work(sandbox)
    assert over.get(f"{ADDRESS}/return/{intent}").location == "/subscription"
    assert (of(over).portal_state, paid(sandbox)) == ("active", [2900])
    assert "subscription.resumed" in told(over)


def test_the_event_alone_does_it_too(over: Browser, card: CardForm, sandbox: Sandbox):
    adds(over, card)
    work(sandbox)
    assert (of(over).portal_state, paid(sandbox)) == ("active", [2900])


def test_two_cards_saved_pay_once(over: Browser, card: CardForm, sandbox: Sandbox):
    sandbox.hold_events()
    for token in "ab":
        adds(over, card, token=token * 22)
    sandbox.hold_events(held=False)
    work(sandbox)
    assert (of(over).portal_state, paid(sandbox)) == ("active", [2900])


def test_a_card_that_does_not_pay_leads_to_the_invoice(over: Browser, card: CardForm, sandbox: Sandbox):
    answer = over.get(f"{ADDRESS}/return/{adds(over, card, DECLINED_LATER)}")
    assert "/invoices/" in answer.location or "/pay" in answer.location
    work(sandbox)
    assert (of(over).portal_state, paid(sandbox)) == ("paused", [])


def test_another_amount_than_shown_saves_no_card(over: Browser, sandbox: Sandbox):
    answer = over.post(ADDRESS, data={"token": "g" * 22, "amount": "1"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "amount_changed")


def test_an_amount_that_is_none_is_refused(over: Browser):
    for amount in ("", "-1", "1.5", "1" * 13, "\0"):
        assert over.post(ADDRESS, data={"token": "g" * 22, "amount": amount}).status_code == 422


def test_who_has_added_a_card_elsewhere_resumes(
    over: Browser, use_card: Callable[[Browser, str], None], sandbox: Sandbox
):
    use_card(over, GOOD)
    assert over.get(ADDRESS).location == "/subscription/resume"
    press = {"token": "r" * 22, "amount": shown(over.get("/subscription/resume").text)}
    assert over.post("/subscription/resume", data=press).status_code == 303
    assert (of(over).portal_state, paid(sandbox)) == ("active", [2900])


def test_there_is_nothing_to_go_on_with_before_the_end(ada: Browser, sold: Terms):
    start_plainly(ada, sold(card="optional", end="pause"))
    assert ada.get(ADDRESS).location == "/subscription"
    answer = ada.post(ADDRESS, data={"token": "g" * 22, "amount": "2900"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "not_paused")


def test_a_member_looks_and_a_stranger_has_nothing_to_go_on_with(
    over: Browser, cleo: Browser, person: Callable[..., Browser], card: CardForm
):
    dora = person("Dora", over.organization, "member")
    assert dora.get(ADDRESS).status_code == 403
    assert cleo.get(ADDRESS).location == "/subscription"
    assert cleo.get(f"{ADDRESS}/return/{adds(over, card)}").status_code == 404
