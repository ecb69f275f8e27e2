"""Adding a card: whoever hears of it first, the return page or the event, the same is done, once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.audit.models import Entry
from app.core.extensions import db
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work
from tests.payment_methods.conftest import MASTERCARD, VISA, cards_of, default_at_stripe, falter, the_card

Subscribe = Callable[..., None]
Save = Callable[..., dict[str, Any]]


def come_back(browser: Browser, intent: dict[str, Any]) -> str:
    away = browser.get(
        f"/payment-methods/return?setup_intent={intent['id']}&setup_intent_client_secret=x&redirect_status=y"
    )
    assert "secret" not in away.location
    answer = browser.get(away.location)
    assert answer.status_code == 200
    return answer.text


def own_card(browser: Browser) -> str | None:
    return db.session.scalars(Subscription.of(browser.organization)).one().default_payment_method


def test_the_form_is_for_the_card_alone_and_ticked_to_make_it_the_default(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")
    page = ada.get("/payment-methods/new").text
    assert "<h1>Add card</h1>" in page
    assert 'data-mode="setup"' in page
    assert " checked" in page
    assert '<input type="hidden" name="country" value="GB">' in page


def test_the_return_page_needs_no_event(ada: Browser, subscribe: Subscribe, begin_saving: Save, sandbox: Sandbox):
    subscribe(ada, "growth")
    sandbox.hold_events()
    page = come_back(ada, begin_saving(ada, MASTERCARD))
    assert "<h1>Card added</h1>" in page
    assert "Mastercard •••• 4444 is saved and is the default card." in page
    assert own_card(ada) == default_at_stripe(ada) == the_card(ada, "4444").stripe_id
    sandbox.hold_events(False)
    work(sandbox)
    assert [card.last4 for card in cards_of(ada)] == ["4444", "4242"]


def test_the_event_needs_no_return(ada: Browser, subscribe: Subscribe, begin_saving: Save, sandbox: Sandbox):
    subscribe(ada, "growth")
    intent = begin_saving(ada, MASTERCARD)
    work(sandbox)
    assert own_card(ada) == default_at_stripe(ada) == the_card(ada, "4444").stripe_id
    assert "is saved and is the default card." in come_back(ada, intent)


def test_both_at_once_do_it_once(ada: Browser, subscribe: Subscribe, begin_saving: Save, sandbox: Sandbox):
    subscribe(ada, "growth")
    intent = begin_saving(ada, MASTERCARD)
    with ThreadPoolExecutor(3) as pool:
        pages = list(pool.map(lambda _: come_back(ada, intent), range(2)))
    work(sandbox)
    assert all("<h1>Card added</h1>" in page for page in pages)
    steps = db.session.scalars(db.select(Entry.action).where(Entry.action.startswith("payment_method.")))
    assert sorted(steps) == ["payment_method.added", "payment_method.added", "payment_method.made_default"]


def test_unticked_it_is_only_saved(ada: Browser, subscribe: Subscribe, begin_saving: Save, sandbox: Sandbox):
    subscribe(ada, "growth")
    before = own_card(ada)
    page = come_back(ada, begin_saving(ada, MASTERCARD, default=False))
    work(sandbox)
    assert "Your plan is still paid with the card you had." in page
    assert own_card(ada) == before
    assert default_at_stripe(ada) is None


def test_an_old_return_page_takes_no_later_choice_back(
    ada: Browser, subscribe: Subscribe, begin_saving: Save, make_default, sandbox: Sandbox
):
    subscribe(ada, "growth")
    intent = begin_saving(ada, MASTERCARD)
    come_back(ada, intent)
    make_default(ada, "4242")
    assert "By now another card is the default." in come_back(ada, intent)
    assert own_card(ada) == default_at_stripe(ada) == the_card(ada, "4242").stripe_id


def test_who_never_paid_says_who_is_billed_first(ada: Browser, begin_saving: Save, sandbox: Sandbox):
    assert 'name="country"' in ada.get("/payment-methods/new").text
    page = come_back(ada, begin_saving(ada, VISA, name="Analytical Engines Ltd", country="GB"))
    assert "<h1>Card added</h1>" in page
    assert default_at_stripe(ada) == the_card(ada, "4242").stripe_id


def test_a_form_without_its_country_says_so_and_makes_nothing(ada: Browser, nexus, sandbox: Sandbox):
    answer = ada.post("/payment-methods/new", data={"token": "t" * 22, "name": "Ada", "country": ""})
    assert answer.status_code == 422
    assert "country" in answer.get_json()["errors"]
    assert sandbox.objects("customers") == []


def test_the_same_form_twice_saves_one_card(ada: Browser, subscribe: Subscribe, card: CardForm, sandbox: Sandbox):
    subscribe(ada, "growth")
    secrets = {ada.post("/payment-methods/new", data={"token": "t" * 22}).get_json()["client_secret"] for _ in range(2)}
    assert len(secrets) == 1


def test_a_declined_card_leaves_everything_as_it_was(
    ada: Browser, subscribe: Subscribe, card: CardForm, sandbox: Sandbox
):
    subscribe(ada, "growth")
    secret = ada.post("/payment-methods/new", data={"token": "t" * 22}).get_json()["client_secret"]
    card.decline(secret, "4000000000000002")
    page = come_back(ada, {"id": secret.split("_secret_")[0]})
    assert "<h1>Card not added</h1>" in page
    assert "Your card was declined." in page
    assert len(cards_of(ada)) == 1


@pytest.mark.parametrize("odd", ["seti_nobody", "..", "pi_1", "%00"])
def test_an_unknown_intent_is_not_found(ada: Browser, subscribe: Subscribe, odd: str):
    subscribe(ada, "growth")
    assert ada.get(f"/payment-methods/return/{odd}").status_code in {404, 308}


def test_somebody_elses_intent_is_not_found(ada: Browser, cleo: Browser, subscribe: Subscribe, begin_saving: Save):
    subscribe(ada, "growth")
    subscribe(cleo, "growth")
    intent = begin_saving(ada, MASTERCARD)
    assert cleo.get(f"/payment-methods/return/{intent['id']}").status_code == 404


def test_with_stripe_away_the_form_says_so_beside_it(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    falter(sandbox, call="rate_limit", path="/v1/setup_intents")
    answer = ada.post("/payment-methods/new", data={"token": "t" * 22})
    assert answer.status_code == 503
    assert "Please try again in a minute." in answer.get_json()["error"]


def test_a_renewal_that_fell_due_after_the_page_was_shown_is_said_and_tried_like_any_other(
    ada: Browser, subscribe: Subscribe, save_card: Callable[..., None], card: CardForm, sandbox: Sandbox
):
    subscribe(ada, "growth")
    save_card(ada, "4000000000000341")
    form = {"token": "t" * 22, "make_default": "y", "due": ""}
    secret = ada.post("/payment-methods/new", data=form).get_json()["client_secret"]
    for step in ("1 month", "3 hours"):
        sandbox.turn_clock(step)
        work(sandbox)
    page = come_back(ada, card.confirm(secret, MASTERCARD))
    work(sandbox)
    assert "$99.00 is overdue" in page
    assert "is tried with this card in a moment" in page
    assert [charge["amount"] for charge in sandbox.objects("charges") if charge["status"] == "succeeded"] == [9900] * 2
