"""After the end one press brings plan, seats and card back, for the price shown, once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.catalog.models import Plan, Price
from app.core import clock, ids
from app.core.extensions import db
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work
from tests.subscriptions.leaving import (
    AGAIN,
    at_stripe,
    attach,
    buttons,
    cancel,
    form,
    pays_with,
    presses,
    says_why,
    subscription_of,
)

Subscribe = Callable[..., None]
Prices = Callable[..., Price]
LATER_DECLINED = "4000000000000341"
ASKS_THE_BANK = "4000002500003155"


def ends(browser: Browser, sandbox: Sandbox) -> Browser:
    cancel(browser)
    sandbox.turn_clock("2 months")
    work(sandbox)
    clock.refresh()
    return browser


@pytest.fixture
def ended(ada: Browser, subscribe: Subscribe, sandbox: Sandbox) -> Browser:
    subscribe(ada, "growth")
    return ends(ada, sandbox)


def live(sandbox: Sandbox) -> list[str]:
    return [one["status"] for one in sandbox.objects("subscriptions")]


def charges(sandbox: Sandbox) -> list[int]:
    """What went through."""
    return [charge["amount"] for charge in sandbox.objects("charges") if charge["paid"]]


def pays(browser: Browser) -> TestResponse:
    return presses(browser, browser.get(AGAIN), AGAIN)


@pytest.mark.parametrize("page", ["/", "/subscription", "/subscription/cancellation"])
def test_after_the_end_a_button_leads_back(ended: Browser, page: str):
    assert f'href="{AGAIN}">Subscribe again</a>' in ended.get(page).text


def test_the_page_shows_what_comes_back_and_buys_nothing(ended: Browser, sandbox: Sandbox):
    page = ended.get(AGAIN)
    assert "<h1>Subscribe to Growth again</h1>" in page.text
    assert "Visa •••• 4242" in page.text
    assert buttons(page) == ["Pay $99.00"]
    assert "for $99.00, until you cancel" in page.text
    assert charges(sandbox) == [9900]
    assert live(sandbox) == []


def test_one_press_brings_everything_back(ended: Browser, sandbox: Sandbox):
    assert pays(ended).location == "/subscription"
    assert "Welcome back. Growth is active until" in ended.get("/subscription").text
    work(sandbox)
    subscription = subscription_of(ended)
    assert (subscription.portal_state, subscription.price.plan.key) == ("active", "growth")
    assert charges(sandbox) == [9900, 9900]


def test_there_is_no_second_trial(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "starter")
    ends(ada, sandbox)
    page = ada.get(AGAIN)
    assert buttons(page) == ["Pay $29.00"]
    presses(ada, page, AGAIN)
    assert subscription_of(ada).portal_state == "active"
    assert charges(sandbox) == [2900]


def test_seats_come_back(ended: Browser, sandbox: Sandbox):
    db.session.execute(update(Plan).where(Plan.key == "growth").values(seats_min=1, seats_max=10))
    db.session.execute(update(Subscription).values(quantity=3))
    db.session.execute(db.text("UPDATE catalog_version SET version = 'seats'"))
    db.session.commit()
    page = ended.get(AGAIN)
    assert buttons(page) == ["Pay $297.00"]
    presses(ended, page, AGAIN)
    assert subscription_of(ended).quantity == 3
    assert charges(sandbox) == [29700, 9900]


def test_pressed_twice_it_buys_once(ended: Browser, sandbox: Sandbox):
    page = ended.get(AGAIN)
    assert [presses(ended, page, AGAIN).location for _ in range(2)] == ["/subscription", "/subscription"]
    assert charges(sandbox) == [9900, 9900]
    assert live(sandbox) == ["active"]


def test_two_tabs_buy_once(ended: Browser, bob: Browser, sandbox: Sandbox):
    pages = [ended.get(AGAIN), bob.get(AGAIN)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(presses, (ended, bob), pages, (AGAIN, AGAIN)))
    assert [answer.location for answer in answers] == ["/subscription", "/subscription"]
    work(sandbox)
    assert charges(sandbox) == [9900, 9900]
    assert live(sandbox) == ["active"]


def test_a_decline_leaves_nothing_behind_and_says_so(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    pays_with(sandbox, ada, LATER_DECLINED)
    ends(ada, sandbox)
    answer = pays(ada)
    assert answer.status_code == 402
    assert "Nothing was charged" in answer.text
    assert "Your card was declined." in answer.text
    assert "Use another card" in answer.text
    work(sandbox)
    assert live(sandbox) == []
    assert "Subscribe again" in ada.get("/").text


def test_after_a_decline_the_same_page_may_try_once_more(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    pays_with(sandbox, ada, LATER_DECLINED)
    ends(ada, sandbox)
    answer = pays(ada)
    assert presses(ada, answer, AGAIN).status_code == 402
    assert live(sandbox) == []


def test_a_bank_that_asks_is_answered_on_the_page_to_pay(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    pays_with(sandbox, ada, ASKS_THE_BANK)
    ends(ada, sandbox)
    page = ada.get(AGAIN)
    answers = [presses(ada, page, AGAIN) for _ in range(2)]
    (theirs,) = sandbox.objects("subscriptions", status="incomplete")
    assert {answer.status_code for answer in answers} == {303}
    assert all(theirs["latest_invoice"] in answer.location for answer in answers)
    assert charges(sandbox) == [9900]


def test_without_the_card_the_way_leads_to_checkout(ended: Browser, nexus: Prices, sandbox: Sandbox):
    at_stripe(sandbox, f"payment_methods/{subscription_of(ended).default_payment_method}/detach")
    page = ended.get(AGAIN)
    assert buttons(page) == []
    assert f"/checkout/{nexus('growth').public_id}" in page.text


def test_a_card_removed_in_another_tab_is_not_charged(ended: Browser, sandbox: Sandbox):
    page = ended.get(AGAIN)
    at_stripe(sandbox, f"payment_methods/{subscription_of(ended).default_payment_method}/detach")
    answer = presses(ended, page, AGAIN)
    assert answer.status_code == 409
    assert "The card you paid with is no longer saved. Nothing was charged" in answer.text
    assert charges(sandbox) == [9900]


def test_the_default_card_is_taken_where_the_plan_had_none_of_its_own(ended: Browser, sandbox: Sandbox):
    card = attach(sandbox, ended, "5555555555554444")
    customer = str(ended.organization.stripe_customer_id)
    at_stripe(sandbox, f"customers/{customer}", **{"invoice_settings[default_payment_method]": card})
    db.session.execute(update(Subscription).values(default_payment_method=None))
    db.session.commit()
    assert "Mastercard •••• 4444" in ended.get(AGAIN).text


def archive(price: Price) -> None:
    db.session.execute(update(Price).where(Price.id == price.id).values(archived_at=clock.now()))
    db.session.commit()


def test_a_price_that_changed_is_said_and_charged(ended: Browser, nexus: Prices, sandbox: Sandbox):
    old = nexus("growth")
    archive(old)
    product = db.session.get_one(Plan, old.plan_id).stripe_product_id
    new = {"product": str(product), "unit_amount": "10900", "currency": "usd"}
    made = at_stripe(sandbox, "prices", **new, **{"recurring[interval]": "month"})
    columns = {"plan_id": old.plan_id, "currency": "usd", "interval": "month", "lookup_key": "new", "position": 9}
    today = Price(public_id=ids.new("price"), unit_amount=10900, stripe_price_id=made["id"], **columns)
    db.session.add(today)
    db.session.commit()
    page = ended.get(AGAIN)
    assert "Growth costs $109.00 per month today. You paid $99.00." in page.text
    assert buttons(page) == ["Pay $109.00"]
    presses(ended, page, AGAIN)
    assert charges(sandbox) == [10900, 9900]


def test_a_plan_that_is_no_longer_sold_leads_to_the_others(ended: Browser, nexus: Prices, sandbox: Sandbox):
    page = ended.get(AGAIN)
    archive(nexus("growth"))
    answer = presses(ended, page, AGAIN)
    assert answer.status_code == 409
    assert "This plan is no longer for sale. Nothing was charged" in answer.text
    assert "See all plans" in answer.text
    assert charges(sandbox) == [9900]


def test_another_amount_than_shown_is_not_charged(ended: Browser, sandbox: Sandbox):
    fields = form(ended.get(AGAIN), AGAIN) | {"amount": "100"}
    answer = ended.post(AGAIN, data=fields)
    assert answer.status_code == 409
    assert "The amount has changed since you opened the page. Nothing was charged" in answer.text
    assert charges(sandbox) == [9900]


@pytest.mark.parametrize("amount", ["", "-1", "0.5", "9" * 13, "9900\0"])
def test_an_amount_that_makes_no_sense_charges_nothing(ended: Browser, sandbox: Sandbox, amount: str):
    fields = form(ended.get(AGAIN), AGAIN) | {"amount": amount}
    assert ended.post(AGAIN, data=fields).location.endswith(AGAIN)
    assert charges(sandbox) == [9900]


def test_an_unfinished_checkout_gives_way(ended: Browser, nexus: Prices, sandbox: Sandbox):
    form_ = {"token": "t" * 22, "name": "Analytical Engines", "country": "GB"}
    ended.post(f"/checkout/{nexus('pro').public_id}", data=form_)
    pays(ended)
    work(sandbox)
    assert live(sandbox) == ["active"]
    assert subscription_of(ended).price.plan.key == "growth"


def test_a_checkout_paid_in_another_tab_is_the_only_one(
    ended: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox
):
    page = ended.get(AGAIN)
    form_ = {"token": "t" * 22, "name": "Analytical Engines", "country": "GB"}
    secret = ended.post(f"/checkout/{nexus('pro').public_id}", data=form_).get_json()["client_secret"]
    card.confirm(secret, "4242424242424242")
    assert presses(ended, page, AGAIN).location == "/subscription"
    work(sandbox)
    assert charges(sandbox) == [29900, 9900]
    assert subscription_of(ended).price.plan.key == "pro"


def test_while_a_plan_runs_there_is_nothing_to_come_back_to(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")
    assert ada.get(AGAIN).location == "/subscription"
    assert "Subscribe again" not in ada.get("/subscription").text


def test_who_never_had_a_plan_chooses_one(cleo: Browser):
    assert cleo.get(AGAIN).location == "/plans"


def test_a_member_may_not_subscribe_again(person: Callable[..., Browser], ended: Browser):
    dora = person("Dora", ended.organization, "member")
    assert dora.get(AGAIN).status_code == 403
    assert "Subscribe again" not in dora.get("/subscription").text


def test_a_stranger_buys_nothing_for_them(ended: Browser, cleo: Browser, sandbox: Sandbox):
    fields = form(ended.get(AGAIN), AGAIN)
    assert cleo.post(AGAIN, data=fields).status_code == 404
    assert charges(sandbox) == [9900]


def test_leaving_again_after_coming_back_works_as_the_first_time(ended: Browser, sandbox: Sandbox):
    pays(ended)
    presses(ended, says_why(ended), "/subscription/cancellation")
    assert subscription_of(ended).portal_state == "canceling"


def test_it_offers_another_plan_too(ended: Browser):
    assert "Choose another plan" in ended.get(AGAIN).text
