"""Leaving shows at most one offer, which fits the reason, never adds a screen, and is accepted once a year."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

from app.core.extensions import db
from app.gateway.subscription_changes import FEEDBACKS
from app.subscriptions.cancellations.retention import AcceptedOffer
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.subscriptions.leaving import (
    CANCELLATION,
    OFFER,
    REASON,
    at_stripe,
    buttons,
    fails_at_stripe,
    form,
    keep,
    presses,
    says_why,
    subscription_of,
)

Subscribe = Callable[..., None]
ACCEPT = "Stay and pay $79.20 next time"


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe) -> Browser:
    subscribe(ada, "growth")
    return ada


@pytest.fixture
def coupon(app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the operator gives away: a fifth for three months."""
    duration = {"duration": "repeating", "duration_in_months": "3"}
    made = at_stripe(sandbox, "coupons", percent_off="20", **duration)["id"]
    settings = app.extensions["settings"].model_copy(update={"retention_coupon": made})
    monkeypatch.setitem(app.extensions, "settings", settings)
    return str(made)


def offers(page: TestResponse) -> list[str]:
    return [str(found.get_text()) for found in BeautifulSoup(page.text, "html.parser").select("#offer")]


HELD_OUT = {
    "too_expensive": ["A smaller plan?"],
    "missing_features": ["Can we put it right?"],
    "switched_service": [],
    "unused": ["Not needed right now?"],
    "customer_service": ["Can we put it right?"],
    "too_complex": ["Can we put it right?"],
    "low_quality": ["Can we put it right?"],
    "other": [],
}


@pytest.mark.parametrize("feedback", FEEDBACKS)
def test_leaving_takes_three_screens_whatever_the_reason(subscribed: Browser, feedback: str):
    screens = [subscribed.get(REASON), says_why(subscribed, feedback)]
    assert offers(screens[-1]) == HELD_OUT[feedback]
    assert buttons(screens[-1])[-1:] == ["Cancel at period end"]
    done = presses(subscribed, screens[-1], CANCELLATION)
    screens.append(subscribed.get(done.location))
    assert "Your subscription is canceled" in screens[-1].text
    assert len(screens) <= 3
    assert subscription_of(subscribed).feedback == feedback


def test_leaving_past_a_discount_takes_three_screens_too(subscribed: Browser, coupon: str):
    screens = [subscribed.get(REASON), says_why(subscribed, "too_expensive")]
    assert offers(screens[-1]) == ["Stay for less: 20% off for 3 months"]
    assert buttons(screens[-1]) == [ACCEPT, "Cancel at period end"]
    screens.append(subscribed.get(presses(subscribed, screens[-1], CANCELLATION).location))
    assert "Your subscription is canceled" in screens[-1].text
    assert len(screens) <= 3


def test_the_smaller_plan_is_the_next_one(subscribed: Browser):
    page = says_why(subscribed, "too_expensive")
    assert "Starter costs $29.00 per month." in page.text
    assert "Look at Starter" in page.text


def test_the_smallest_plan_has_no_smaller_one(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "starter")
    assert offers(says_why(ada, "too_expensive")) == []


def test_the_mail_to_a_person_has_a_subject(subscribed: Browser):
    page = says_why(subscribed, "too_complex").text
    assert re.search(r"mailto:[^@?]+@[^@?]+\?subject=Before%20I%20cancel%20Growth\"", page)


def test_a_discount_says_what_it_does_and_does_exactly_that(subscribed: Browser, coupon: str, sandbox: Sandbox):
    page = says_why(subscribed, "too_expensive")
    assert "is $79.20 instead of $99.00. Nothing else changes, and nothing is charged today." in page.text
    presses(subscribed, page, OFFER)
    said = subscribed.get(OFFER)
    assert "Nothing was canceled" in said.text
    assert "$79.20" in said.text
    work(sandbox)
    assert subscription_of(subscribed).portal_state == "active"
    assert "Discount accepted instead of leaving" in subscribed.get("/").text
    sandbox.turn_clock("1 month")
    sandbox.turn_clock("2 hours")
    work(sandbox)
    assert sorted(charge["amount"] for charge in sandbox.objects("charges")) == [7920, 9900]


def test_a_discount_they_have_stays_beside_it(subscribed: Browser, coupon: str, sandbox: Sandbox):
    other = at_stripe(sandbox, "coupons", amount_off="1000", currency="usd", duration="forever")["id"]
    at_stripe(sandbox, f"subscriptions/{subscription_of(subscribed).stripe_id}", **{"discounts[0][coupon]": other})
    work(sandbox)
    presses(subscribed, says_why(subscribed, "too_expensive"), OFFER)
    assert len(subscription_of(subscribed).discounts) == 2


def accepted() -> int:
    db.session.expire_all()
    return db.session.query(AcceptedOffer).count()


def test_pressed_twice_it_counts_once(subscribed: Browser, coupon: str):
    page = says_why(subscribed, "too_expensive")
    assert [presses(subscribed, page, OFFER).location for _ in range(2)] == [OFFER, OFFER]
    assert accepted() == 1
    assert len(subscription_of(subscribed).discounts) == 1


def test_two_tabs_accept_one_discount(subscribed: Browser, bob: Browser, coupon: str):
    pages = [says_why(subscribed, "too_expensive"), says_why(bob, "too_expensive")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(presses, (subscribed, bob), pages, (OFFER, OFFER)))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert accepted() == 1
    assert len(subscription_of(subscribed).discounts) == 1


def test_within_a_year_there_is_no_other_discount(subscribed: Browser, coupon: str, sandbox: Sandbox):
    page = says_why(subscribed, "too_expensive")
    presses(subscribed, page, OFFER)
    assert offers(says_why(subscribed, "too_expensive")) == ["A smaller plan?"]
    sandbox.turn_clock("13 months")
    work(sandbox)
    assert offers(says_why(subscribed, "too_expensive")) == ["Stay for less: 20% off for 3 months"]


def test_a_used_up_offer_says_that_nothing_was_changed(subscribed: Browser, coupon: str):
    pages = [says_why(subscribed, "too_expensive") for _ in range(2)]
    presses(subscribed, pages[0], OFFER)
    answer = presses(subscribed, pages[1], OFFER)
    assert answer.status_code == 409
    assert "Nothing was changed and nothing was canceled." in answer.text


def test_a_deleted_coupon_leaves_the_smaller_plan(subscribed: Browser, sandbox: Sandbox, app: Flask, coupon: str):
    gone = app.extensions["settings"].model_copy(update={"retention_coupon": "GONE"})
    app.extensions["settings"] = gone
    assert offers(says_why(subscribed, "too_expensive")) == ["A smaller plan?"]


def test_leaving_waits_for_no_offer(subscribed: Browser, sandbox: Sandbox, coupon: str):
    fails_at_stripe(sandbox, path="/v1/coupons")
    page = says_why(subscribed, "too_expensive")
    fails_at_stripe(sandbox)
    assert offers(page) == ["A smaller plan?"]
    assert buttons(page) == ["Cancel at period end"]


def test_another_currency_has_no_discount(subscribed: Browser, sandbox: Sandbox, app: Flask, coupon: str):
    euros = at_stripe(sandbox, "coupons", amount_off="500", currency="eur", duration="once")["id"]
    app.extensions["settings"] = app.extensions["settings"].model_copy(update={"retention_coupon": euros})
    assert offers(says_why(subscribed, "too_expensive")) == ["A smaller plan?"]


def test_another_amount_than_shown_is_not_accepted(subscribed: Browser, coupon: str):
    fields = form(says_why(subscribed, "too_expensive"), OFFER) | {"amount": "1"}
    assert subscribed.post(OFFER, data=fields).status_code == 409
    assert subscription_of(subscribed).discounts == []


@pytest.mark.parametrize("amount", ["", "-1", "1.5", "9" * 13, "7920\0"])
def test_an_amount_that_makes_no_sense_is_not_accepted(subscribed: Browser, coupon: str, amount: str):
    fields = form(says_why(subscribed, "too_expensive"), OFFER) | {"amount": amount}
    assert subscribed.post(OFFER, data=fields).location.endswith(REASON)
    assert accepted() == 0


def test_there_is_no_offer_once_it_is_ending(subscribed: Browser, coupon: str):
    page = says_why(subscribed, "too_expensive")
    presses(subscribed, page, CANCELLATION)
    assert presses(subscribed, page, OFFER).status_code == 409
    keep(subscribed)
    assert subscription_of(subscribed).discounts == []


def test_a_member_may_not_accept(person: Callable[..., Browser], subscribed: Browser, coupon: str):
    fields = form(says_why(subscribed, "too_expensive"), OFFER)
    dora = person("Dora", subscribed.organization, "member")
    assert dora.post(OFFER, data=fields).status_code == 403


def test_a_stranger_accepts_nothing_of_theirs(subscribed: Browser, cleo: Browser, coupon: str):
    fields = form(says_why(subscribed, "too_expensive"), OFFER)
    assert cleo.post(OFFER, data=fields).status_code == 404
    assert accepted() == 0
