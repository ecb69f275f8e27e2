"""A promotion code at checkout: its effect is shown before anything is bought, and exactly that is charged."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from app.audit.models import Entry
from app.catalog.models import Plan, Price
from app.core import clock
from app.core.extensions import db
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work
from tests.promotions.codes import at_stripe, make_code

Prices = Callable[..., Price]
GOOD = "4242424242424242"


def look(browser: Browser, price: Price, code: str = "SPRING20", **args: str) -> TestResponse:
    return browser.get(f"/checkout/{price.public_id}", query_string={"promotion_code": code, **args})


def words(page: TestResponse) -> str:
    return BeautifulSoup(page.text, "html.parser").get_text(" ", strip=True)


def order(page: TestResponse) -> str:
    """The summary, without the explanations that open on demand."""
    summary = BeautifulSoup(page.text, "html.parser").select_one("aside.summary")
    for details in summary.select("details"):
        details.decompose()
    return re.sub(r"\s+", " ", summary.get_text(" ", strip=True))


def form_of(page: TestResponse) -> dict[str, str]:
    """What the pay form sends along."""
    form = BeautifulSoup(page.text, "html.parser").select_one("form.checkout-form")
    hidden = {str(field["name"]): str(field.get("value", "")) for field in form.select("input[type=hidden]")}
    return hidden | {"name": "Analytical Engines Ltd", "country": "GB"}


def pay(browser: Browser, price: Price, page: TestResponse, **fields: str) -> TestResponse:
    return browser.post(f"/checkout/{price.public_id}", data=form_of(page) | fields)


def of(browser: Browser) -> Subscription | None:
    return db.session.scalar(Subscription.of(browser.organization))


def charged(sandbox: Sandbox) -> list[int]:
    return [charge["amount"] for charge in sandbox.objects("charges")]


@pytest.fixture
def growth(nexus: Prices) -> Price:
    return nexus("growth")


def test_the_order_shows_what_the_code_takes_off_and_what_follows(ada: Browser, growth: Price, sandbox: Sandbox):
    make_code(sandbox)
    page = look(ada, growth, "spring20")
    assert page.status_code == 200
    shown = order(page)
    assert "SPRING20 20% off for 3 months −$19.80" in shown
    assert "Due today $79.20" in shown
    assert "$79.20 a month for 3 months, then $99.00." in shown
    assert "Pay $79.20" in page.text
    assert sandbox.objects("customers") == []


@pytest.mark.parametrize(
    ("coupon", "terms", "course"),
    [
        ({"percent_off": "20", "duration": "once"}, "20% off once", "$79.20 for the first month, then $99.00 a month."),
        (
            {"amount_off": "1000", "currency": "usd", "duration": "once"},
            "$10.00 off once",
            "$89.00 for the first month",
        ),
        ({"percent_off": "12.5", "duration": "forever"}, "12.5% off for as long as you stay", "Then $86.62 on"),
    ],
)
def test_every_duration_is_said_in_words(
    ada: Browser, growth: Price, sandbox: Sandbox, coupon: dict[str, str], terms: str, course: str
):
    make_code(sandbox, coupon=coupon)
    shown = order(look(ada, growth))
    assert terms in shown
    assert course in shown


def test_a_yearly_price_counts_in_years(ada: Browser, nexus: Prices, sandbox: Sandbox):
    make_code(sandbox)
    assert "$792.00 for the first year, then $990.00 a year." in order(look(ada, nexus("growth", "year")))


def test_the_amount_shown_is_charged_for_as_long_as_the_code_lasts(
    ada: Browser, growth: Price, card: CardForm, sandbox: Sandbox
):
    make_code(sandbox, coupon={"percent_off": "20", "duration": "repeating", "duration_in_months": "2"})
    card.confirm(pay(ada, growth, look(ada, growth)).get_json()["client_secret"], GOOD)
    work(sandbox)
    for _month in range(2):
        sandbox.turn_clock("32 days")
        work(sandbox)
    assert charged(sandbox) == [9900, 7920, 7920]


def test_a_subscription_begun_with_a_code_says_so(ada: Browser, growth: Price, card: CardForm, sandbox: Sandbox):
    make_code(sandbox)
    card.confirm(pay(ada, growth, look(ada, growth)).get_json()["client_secret"], GOOD)
    work(sandbox)
    panel = words(ada.get("/subscription"))
    until = (clock.now() + timedelta(days=80)).strftime("%Y")
    assert re.search(rf"SPRING20 20% off until \d+ \w+ ({until}|{int(until) + 1})", panel)
    actions = db.session.scalars(db.select(Entry.action).where(Entry.organization_id == ada.organization.id)).all()
    assert actions.count("subscription.code_applied") == 1
    assert "Promotion code applied" in ada.get("/").text


def past(days: int = 1) -> int:
    return int((clock.now() + timedelta(days=days)).timestamp())


def test_an_unknown_code_is_said_beside_its_field_and_the_order_stays(ada: Browser, growth: Price):
    page = look(ada, growth, "NOSUCHCODE")
    assert page.status_code == 422
    assert "No such code is in use." in words(page)
    assert 'value="NOSUCHCODE"' in page.text
    assert "Pay $99.00" in page.text


@pytest.mark.parametrize("typed", ["%00", "a" * 101, "../../etc", "<b>x</b>", "ÄÖÜ", "a b"])
def test_whatever_is_no_code_at_all_is_as_unknown(ada: Browser, growth: Price, typed: str):
    page = ada.get(f"/checkout/{growth.public_id}?promotion_code={typed}")
    assert page.status_code == 422
    assert "No such code is in use." in words(page)


def test_a_disabled_code_answers_like_an_unknown_one(ada: Browser, growth: Price, sandbox: Sandbox):
    code = make_code(sandbox)
    at_stripe(sandbox, f"promotion_codes/{code}", active=False)
    known, unknown = words(look(ada, growth)), words(look(ada, growth, "SPRING2O"))
    assert known == unknown


def test_a_deleted_coupon_takes_its_code_along(ada: Browser, growth: Price, sandbox: Sandbox):
    make_code(sandbox)
    [coupon] = sandbox.objects("coupons")
    requests.delete(
        f"{sandbox.url}/v1/coupons/{coupon['id']}", headers={"Authorization": "Bearer sk_test_sandbox"}, timeout=10
    )
    assert "No such code is in use." in words(look(ada, growth))


def test_an_expired_code_says_when(ada: Browser, growth: Price, sandbox: Sandbox):
    make_code(sandbox, expires_at=past(1))
    sandbox.turn_clock("2 days")
    assert re.search(r"This code expired on \d+ \w+ \d{4}\.", words(look(ada, growth)))


def test_a_coupon_that_is_over_ends_its_codes(ada: Browser, growth: Price, sandbox: Sandbox):
    make_code(sandbox, coupon={"percent_off": "20", "duration": "once", "redeem_by": past(1)})
    sandbox.turn_clock("2 days")
    assert "This code expired on" in words(look(ada, growth))


def test_a_code_that_is_used_up_says_so(ada: Browser, cleo: Browser, growth: Price, card: CardForm, sandbox: Sandbox):
    make_code(sandbox, max_redemptions=1)
    pay(cleo, growth, look(cleo, growth))
    assert "This code has been used as often as it may be." in words(look(ada, growth))


def test_somebody_elses_code_says_so(ada: Browser, growth: Price, sandbox: Sandbox):
    other = at_stripe(sandbox, "customers", name="Other")["id"]
    make_code(sandbox, customer=other)
    assert "This code was made for another customer" in words(look(ada, growth))


def test_a_code_of_another_currency_names_both(ada: Browser, growth: Price, sandbox: Sandbox):
    make_code(sandbox, coupon={"amount_off": "500", "currency": "eur", "duration": "once"})
    assert "This code is for payments in EUR, and this plan is paid in USD." in words(look(ada, growth))


def test_an_amount_off_in_several_currencies_is_the_one_of_the_plan(ada: Browser, growth: Price, sandbox: Sandbox):
    options = {"usd": {"amount_off": "700"}}
    coupon = {"amount_off": "500", "currency": "eur", "duration": "once", "currency_options": options}
    make_code(sandbox, coupon=coupon)
    assert "$7.00 off once −$7.00" in order(look(ada, growth))


def test_a_code_for_another_plan_names_it(ada: Browser, growth: Price, nexus: Prices, sandbox: Sandbox):
    product = db.session.get_one(Plan, nexus("pro").plan_id).stripe_product_id
    make_code(sandbox, coupon={"percent_off": "20", "duration": "once", "applies_to": {"products": [product]}})
    assert "This code is for Pro only." in words(look(ada, growth))
    assert "Due today $239.20" in order(look(ada, nexus("pro")))


def test_a_minimum_that_is_not_reached_says_both_amounts(ada: Browser, growth: Price, nexus: Prices, sandbox: Sandbox):
    make_code(sandbox, restrictions={"minimum_amount": "15000", "minimum_amount_currency": "usd"})
    assert "needs an order of at least $150.00, and this one comes to $99.00" in words(look(ada, growth))
    assert look(ada, nexus("growth", "year")).status_code == 200


def test_a_code_for_the_first_purchase_is_refused_later(
    ada: Browser, growth: Price, nexus: Prices, card: CardForm, sandbox: Sandbox
):
    make_code(sandbox, restrictions={"first_time_transaction": True})
    assert look(ada, growth).status_code == 200
    card.confirm(pay(ada, growth, ada.get(f"/checkout/{growth.public_id}")).get_json()["client_secret"], GOOD)
    work(sandbox)
    ada.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused", "comment": ""})
    sandbox.turn_clock("2 months")
    work(sandbox)
    assert "This code is for a first purchase only" in words(look(ada, growth))


def test_a_code_that_is_over_before_the_trial_ends_is_refused(ada: Browser, nexus: Prices, sandbox: Sandbox):
    make_code(sandbox, coupon={"percent_off": "20", "duration": "repeating", "duration_in_months": "1"})
    starter = nexus("starter")
    db.session.get_one(Plan, starter.plan_id).trial_days = 40
    db.session.commit()
    assert "This code would be over before your next payment" in words(look(ada, starter))


def test_a_trial_with_a_code_charges_less_when_it_ends(ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox):
    make_code(sandbox, coupon={"percent_off": "50", "duration": "once"})
    starter = nexus("starter")
    page = look(ada, starter)
    assert "Due today 14 days free $0.00" in order(page)
    ends = clock.now() + timedelta(days=14)
    assert f"$14.50 for the first month, then $29.00 a month. Next charge on {ends:%-d %b %Y}." in order(page)
    card.confirm(pay(ada, starter, page).get_json()["client_secret"], GOOD)
    work(sandbox)
    for _period in range(2):
        sandbox.turn_clock("1 month")
        work(sandbox)
    assert charged(sandbox) == [2900, 1450]


def test_a_code_used_up_while_the_card_for_a_trial_is_saved_begins_no_trial(
    ada: Browser, cleo: Browser, nexus: Prices, growth: Price, card: CardForm, sandbox: Sandbox
):
    make_code(sandbox, max_redemptions=1)
    starter = nexus("starter")
    secret = pay(ada, starter, look(ada, starter)).get_json()["client_secret"]
    pay(cleo, growth, look(cleo, growth))
    intent = card.confirm(secret, GOOD)
    work(sandbox)
    page = ada.get(f"/checkout/return/{intent['id']}")
    assert page.status_code == 409
    assert "Your promotion code can no longer be used, so the trial has not begun" in words(page)
    assert of(ada) is None


@pytest.mark.parametrize("gone", ["used up", "disabled"])
def test_a_code_gone_between_preview_and_pay_charges_nothing(
    ada: Browser, cleo: Browser, growth: Price, sandbox: Sandbox, gone: str
):
    code = make_code(sandbox, max_redemptions=1)
    page = look(ada, growth)
    if gone == "used up":
        pay(cleo, growth, look(cleo, growth))
    else:
        at_stripe(sandbox, f"promotion_codes/{code}", active=False)
    answer = pay(ada, growth, page)
    assert answer.status_code == 409
    assert "Nothing was charged; reload the page to see the price without it." in answer.get_json()["error"]
    assert sandbox.objects("subscriptions", status="all", customer=str(ada.organization.stripe_customer_id)) == []
    assert "Pay $99.00" in look(ada, growth).text


def test_another_amount_than_shown_is_never_begun(ada: Browser, growth: Price, sandbox: Sandbox):
    make_code(sandbox)
    answer = pay(ada, growth, look(ada, growth), amount="7000")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "amount_changed")
    assert [s["status"] for s in sandbox.objects("subscriptions", status="all")] == ["canceled"]
    assert charged(sandbox) == []


def test_an_unfinished_start_with_another_code_is_not_taken_up(ada: Browser, growth: Price, sandbox: Sandbox):
    make_code(sandbox)
    make_code(sandbox, "SUMMER50", coupon={"percent_off": "50", "duration": "once"})
    pay(ada, growth, look(ada, growth))
    pay(ada, growth, look(ada, growth, "SUMMER50"))
    pay(ada, growth, look(ada, growth, ""))
    live = sandbox.objects("subscriptions")
    assert len(live) == 1
    assert len(sandbox.objects("subscriptions", status="all")) == 3
    invoice = next(one for one in sandbox.objects("invoices") if one["id"] == live[0]["latest_invoice"])
    assert invoice["amount_due"] == 9900


def test_a_single_use_code_survives_a_declined_card(ada: Browser, growth: Price, card: CardForm, sandbox: Sandbox):
    make_code(sandbox, coupon={"percent_off": "20", "duration": "once"}, max_redemptions=1)
    card.decline(pay(ada, growth, look(ada, growth)).get_json()["client_secret"], "4000000000000002")
    work(sandbox)
    again = ada.get(f"/checkout/{growth.public_id}")
    assert again.status_code == 200
    assert "Pay $79.20" in again.text
    card.confirm(pay(ada, growth, again).get_json()["client_secret"], GOOD)
    work(sandbox)
    assert charged(sandbox)[0] == 7920
    assert len(sandbox.objects("subscriptions", status="all")) == 1


def test_a_code_is_taken_away_again(ada: Browser, growth: Price, sandbox: Sandbox):
    make_code(sandbox)
    page = BeautifulSoup(look(ada, growth).text, "html.parser")
    link = next(a for a in page.select("aside a") if a.get_text().startswith("Remove"))
    assert "Pay $99.00" in ada.get(str(link["href"])).text


def test_a_first_month_for_nothing_saves_a_card_and_runs(ada: Browser, growth: Price, card: CardForm, sandbox: Sandbox):
    make_code(sandbox, coupon={"percent_off": "100", "duration": "once"})
    page = look(ada, growth)
    assert "Due today $0.00" in order(page)
    assert "Subscribe for $0.00" in page.text
    answer = pay(ada, growth, page).get_json()
    assert answer["kind"] == "setup"
    intent = card.confirm(answer["client_secret"], GOOD)
    assert "<h1>Subscription started</h1>" in ada.get(f"/checkout/return/{intent['id']}").text
    work(sandbox)
    subscription = of(ada)
    assert subscription.portal_state == "active"
    assert subscription.default_payment_method == intent["payment_method"]
    sandbox.turn_clock("32 days")
    work(sandbox)
    assert charged(sandbox) == [9900]


def test_what_is_free_for_good_needs_no_card_and_no_script(ada: Browser, growth: Price, sandbox: Sandbox):
    make_code(sandbox, coupon={"percent_off": "100", "duration": "forever"})
    page = look(ada, growth)
    assert "no card is needed" in page.text
    assert "card-slot" not in page.text
    answer = ada.post(f"/checkout/{growth.public_id}/free", data=form_of(page))
    assert (answer.status_code, answer.location) == (303, "/subscription")
    assert of(ada).portal_state == "active"
    assert charged(sandbox) == []


def test_the_free_door_sells_nothing_that_costs(ada: Browser, growth: Price, sandbox: Sandbox):
    page = ada.get(f"/checkout/{growth.public_id}")
    answer = ada.post(f"/checkout/{growth.public_id}/free", data=form_of(page))
    assert answer.location == f"/checkout/{growth.public_id}"
    assert of(ada).portal_state == "none"
    refused = ada.post(f"/checkout/{growth.public_id}/free", data=form_of(page) | {"name": "", "token": "f" * 22})
    assert refused.status_code == 422


def test_a_member_may_not_try_codes(person: Callable[..., Browser], ada: Browser, growth: Price, sandbox: Sandbox):
    make_code(sandbox)
    dora = person("Dora", ada.organization, "member")
    assert look(dora, growth).status_code == 403


def test_stripe_unreachable_is_said(ada: Browser, growth: Price, sandbox: Sandbox):
    make_code(sandbox)
    plan = [{"call": "error", "path": "/v1/promotion_codes", "count": 5}]
    assert requests.post(f"{sandbox.url}/_sandbox/faults", json={"plan": plan}, timeout=10).ok
    assert look(ada, growth).status_code == 503
