"""A promotion code on a running subscription: the next charge is shown with and without it, and then is that."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from app.audit.models import Entry
from app.catalog.models import Price
from app.core.extensions import db
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work
from tests.promotions.codes import at_stripe, make_code
from tests.statements import counted

Subscribe = Callable[..., None]
Prices = Callable[..., Price]
CODE = "/subscription/promotion-code"


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe, sandbox: Sandbox) -> Browser:
    """To Growth, for $99.00 a month, with a code at hand: SPRING20."""
    subscribe(ada, "growth")
    make_code(sandbox)
    return ada


def look(browser: Browser, code: str = "SPRING20") -> TestResponse:
    return browser.get(CODE, query_string={"promotion_code": code})


def words(page: TestResponse) -> str:
    return re.sub(r"\s+", " ", BeautifulSoup(page.text, "html.parser").get_text(" ", strip=True))


def press(browser: Browser, page: TestResponse, **fields: str) -> TestResponse:
    """Send the sheet's form, as it is but for `fields`."""
    form = BeautifulSoup(page.text, "html.parser").select_one("main form[method=post]")
    hidden = {str(field["name"]): str(field.get("value", "")) for field in form.select("input[type=hidden]")}
    return browser.post(str(form["action"]), data=hidden | fields)


def take(browser: Browser, code: str = "SPRING20") -> TestResponse:
    return press(browser, look(browser, code))


def removal(browser: Browser) -> TestResponse:
    link = BeautifulSoup(browser.get("/subscription").text, "html.parser").select_one("a[href*='/discounts/']")
    return browser.get(str(link["href"]))


def of(browser: Browser) -> Subscription:
    return db.session.scalars(Subscription.of(browser.organization)).one()


def actions(browser: Browser) -> list[str]:
    mine = db.select(Entry.action).where(Entry.organization_id == browser.organization.id)
    return [action for action in db.session.scalars(mine) if "code" in action or "discount" in action]


def charged(sandbox: Sandbox) -> list[int]:
    return [charge["amount"] for charge in sandbox.objects("charges")]


def test_the_sheet_shows_the_next_charge_with_and_without(subscribed: Browser):
    page = words(look(subscribed, "spring20"))
    assert "SPRING20 20% off for 3 months. The discount ends after 3 payments." in page
    assert "Next charge so far $99.00" in page
    assert re.search(r"With the code on \d+ \w+ \d{4} \$79\.20", page)


def calls(sandbox: Sandbox) -> list[str]:
    """What was asked of Stripe so far."""
    log: list[dict[str, Any]] = requests.get(f"{sandbox.url}/_sandbox/log", timeout=10).json()["data"]
    return [entry["path"] for entry in log if entry["path"].startswith("/v1/")]


def test_the_sheet_takes_eight_statements_and_two_calls(subscribed: Browser, sandbox: Sandbox):
    look(subscribed)
    before = len(calls(sandbox))
    with counted() as statements:
        assert look(subscribed).status_code == 200
    assert len(statements) <= 8, statements
    assert len(calls(sandbox)) - before <= 2


def test_looking_changes_nothing(subscribed: Browser, sandbox: Sandbox):
    look(subscribed)
    assert of(subscribed).discounts == []
    assert [code["times_redeemed"] for code in sandbox.objects("promotion_codes")] == [0]


def test_what_was_shown_is_charged_next(subscribed: Browser, sandbox: Sandbox):
    sandbox.turn_clock("1 hour")
    assert take(subscribed).location == "/subscription"
    assert "$79.20" in words(subscribed.get("/subscription"))
    work(sandbox)
    panel = words(subscribed.get("/subscription"))
    assert re.search(r"SPRING20 20% off until \d+ \w+ \d{4}", panel)
    assert "$79.20" in panel
    for _month in range(4):
        sandbox.turn_clock("31 days")
        work(sandbox)
    assert charged(sandbox) == [9900, 7920, 7920, 7920, 9900]
    assert of(subscribed).discounts == []


def test_it_is_told_once_and_again_when_it_ends(subscribed: Browser, sandbox: Sandbox):
    take(subscribed)
    work(sandbox)
    work(sandbox)
    assert actions(subscribed) == ["subscription.code_applied"]
    for _month in range(4):
        sandbox.turn_clock("31 days")
        work(sandbox)
    assert actions(subscribed) == ["subscription.code_applied", "subscription.discount_ended"]
    timeline = subscribed.get("/").text
    assert "Discount ended" in timeline


def test_pressed_twice_it_is_taken_once(subscribed: Browser, sandbox: Sandbox):
    page = look(subscribed)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: press(subscribed, page).status_code, range(2)))
    assert answers == [303, 303]
    assert [code["times_redeemed"] for code in sandbox.objects("promotion_codes")] == [1]


def test_two_codes_are_taken_off_one_after_the_other(subscribed: Browser, sandbox: Sandbox):
    make_code(sandbox, "TENOFF", coupon={"amount_off": "1000", "currency": "usd", "duration": "forever"})
    take(subscribed)
    work(sandbox)
    sheet = words(look(subscribed, "TENOFF"))
    assert "SPRING20 (20% off) stays beside it; one is taken off after the other." in sheet
    assert "$69.20" in sheet
    take(subscribed, "TENOFF")
    work(sandbox)
    assert [one["code"] for one in of(subscribed).discounts] == ["SPRING20", "TENOFF"]
    sandbox.turn_clock("31 days")
    work(sandbox)
    assert charged(sandbox) == [6920, 9900]


def test_the_same_code_twice_is_refused(subscribed: Browser, sandbox: Sandbox):
    take(subscribed)
    work(sandbox)
    page = look(subscribed)
    assert page.status_code == 422
    assert "This code is already taken off what you pay." in words(page)


def test_a_discount_goes_after_its_effect_was_shown(subscribed: Browser, sandbox: Sandbox):
    make_code(sandbox, "TENOFF", coupon={"amount_off": "1000", "currency": "usd", "duration": "forever"})
    take(subscribed)
    work(sandbox)
    take(subscribed, "TENOFF")
    work(sandbox)
    page = removal(subscribed)
    assert re.search(r"Next charge so far \$69\.20 Without the discount on \d+ \w+ \d{4} \$89\.00", words(page))
    assert press(subscribed, page).location == "/subscription"
    work(sandbox)
    assert [one["code"] for one in of(subscribed).discounts] == ["TENOFF"]
    assert press(subscribed, removal(subscribed)).location == "/subscription"
    work(sandbox)
    assert of(subscribed).discounts == []
    assert actions(subscribed).count("subscription.discount_ended") == 2


def test_a_discount_of_nobody_or_of_somebody_else_is_not_found(
    subscribed: Browser, cleo: Browser, subscribe: Subscribe, sandbox: Sandbox
):
    take(subscribed)
    work(sandbox)
    [discount] = of(subscribed).discounts
    subscribe(cleo, "growth")
    for id in (discount["id"], "di_unknown", "%00"):
        assert cleo.get(f"/subscription/discounts/{id}").status_code == 404
        assert cleo.post(f"/subscription/discounts/{id}", data={"token": "t" * 22, "amount": "1"}).status_code == 404
    assert len(of(subscribed).discounts) == 1


def test_another_amount_than_shown_is_asked_again(subscribed: Browser):
    page = press(subscribed, look(subscribed), amount="1")
    assert page.status_code == 409
    assert "The amounts have changed since you opened the page." in words(page)
    assert of(subscribed).discounts == []


def test_used_up_in_between_nothing_is_taken(subscribed: Browser, sandbox: Sandbox):
    code = make_code(sandbox, "ONCEONLY", max_redemptions=1)
    page = look(subscribed, "ONCEONLY")
    at_stripe(sandbox, f"promotion_codes/{code}", active=False)
    answer = press(subscribed, page)
    assert answer.status_code == 422
    assert "No such code is in use." in words(answer)
    assert of(subscribed).discounts == []


def test_a_code_that_is_over_before_the_next_charge_is_refused(
    ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox
):
    make_code(sandbox)
    form = {"token": "t" * 22, "name": "Analytical Engines", "country": "GB"}
    answer = ada.post(f"/checkout/{nexus('growth', 'year').public_id}", data=form)
    card.confirm(answer.get_json()["client_secret"], "4242424242424242")
    work(sandbox)
    assert "This code would be over before your next payment on" in words(look(ada))


def test_a_code_for_a_first_purchase_comes_too_late(subscribed: Browser, sandbox: Sandbox):
    make_code(sandbox, "WELCOME", restrictions={"first_time_transaction": True})
    assert "This code is for a first purchase only" in words(look(subscribed, "WELCOME"))


def test_a_plan_that_ends_takes_no_code(subscribed: Browser):
    subscribed.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused", "comment": ""})
    page = look(subscribed)
    assert page.status_code == 409
    assert "Keep your plan first." in words(page)
    assert "See what it does" not in subscribed.get("/subscription").text


def test_a_member_may_look_at_discounts_and_not_touch_them(
    person: Callable[..., Browser], subscribed: Browser, sandbox: Sandbox
):
    take(subscribed)
    work(sandbox)
    dora = person("Dora", subscribed.organization, "member")
    panel = dora.get("/subscription").text
    assert "SPRING20" in panel
    assert "/discounts/" not in panel
    assert look(dora).status_code == 403
    assert dora.post(CODE, data={"token": "t" * 22, "amount": "1", "promotion_code": "X"}).status_code == 403


def test_without_a_subscription_there_is_nothing_to_take_off(ada: Browser, nexus: Prices):
    assert look(ada).status_code == 404


def test_an_incomplete_form_is_asked_again(subscribed: Browser):
    answer = subscribed.post(CODE, data={"promotion_code": "SPRING20"})
    assert answer.status_code == 409
    assert of(subscribed).discounts == []


def test_the_page_asks_for_a_code_where_none_was_typed(subscribed: Browser):
    page = subscribed.get(CODE)
    assert page.status_code == 200
    assert 'name="promotion_code"' in page.text
