"""Whatever is changed to whatever, in any currency and number of seats: the sheet and the invoice agree to the cent."""

import random
import secrets
from collections.abc import Callable

import pytest
import requests

from app.core.extensions import db
from app.gateway import subscriptions as gateway
from app.organizations import customer as customers
from app.subscriptions import service
from app.subscriptions.changes import change
from app.subscriptions.changes.obstacles import CannotChange
from app.subscriptions.changes.sheet import Sheet, Way
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work

from .changing import Nexus, Subscribe, button_of, change_to, form_of, look, newest_invoice, of, press, turn, words

Seated = Callable[..., None]


@pytest.fixture
def seated(shop: Nexus, card: CardForm, sandbox: Sandbox) -> Seated:
    """`seated(ada, "team", 3)`: bought for three people, paid and settled."""

    def buy(browser: Browser, plan: str = "team", quantity: int = 3, currency: str = "usd") -> None:
        customer = customers.ensure(
            browser.organization, name="Ada", country="GB", email="ada@example.com", token=secrets.token_urlsafe(8)
        )
        db.session.commit()
        price = shop(plan, "month", currency).stripe_price_id
        body = {"customer": customer, "items[0][price]": price, "items[0][quantity]": quantity}
        body |= {"payment_behavior": "default_incomplete", "expand[]": "latest_invoice.confirmation_secret"}
        body["payment_settings[save_default_payment_method]"] = "on_subscription"
        key = {"Authorization": "Bearer sk_test_sandbox"}
        made = requests.post(f"{sandbox.url}/v1/subscriptions", data=body, headers=key, timeout=10).json()
        card.confirm(made["latest_invoice"]["confirmation_secret"]["client_secret"], "4242424242424242")
        work(sandbox)

    return buy


def test_seats_can_be_added_for_what_is_shown(ada: Browser, seated: Seated, shop: Nexus, sandbox: Sandbox):
    seated(ada)
    assert "Change seats" in words(ada.get("/subscription"))
    empty = look(ada, shop("team"))
    assert empty.status_code == 200
    assert "You have 3 seats of Team." in words(empty)
    turn(sandbox, "10 days")
    page = look(ada, shop("team"), 7)
    assert "7 seats instead of 3" in words(page)
    form = form_of(page)
    press(ada, shop("team"), form)
    assert (of(ada).quantity, str(newest_invoice(sandbox)["total"])) == (7, form["due"])


def test_fewer_seats_come_when_the_period_ends(ada: Browser, seated: Seated, shop: Nexus, sandbox: Sandbox):
    seated(ada)
    page = look(ada, shop("team"), 2)
    assert button_of(page).startswith("Schedule change for")
    press(ada, shop("team"), form_of(page))
    assert (of(ada).quantity, of(ada).scheduled_quantity) == (3, 2)
    turn(sandbox, "1 month")
    assert (of(ada).quantity, newest_invoice(sandbox)["total"]) == (2, 2000)


def test_another_plan_keeps_the_seats_as_far_as_it_has_them(ada: Browser, seated: Seated, shop: Nexus):
    seated(ada, "team", 3)
    page = look(ada, shop("company"))
    assert form_of(page)["quantity"] == "5"
    assert "Single sign-on" in words(page)
    assert "Unlimited projects instead of 10" in words(page)
    solo = look(ada, shop("solo"))
    assert (form_of(solo)["quantity"], form_of(solo)["way"]) == ("1", "later")


@pytest.mark.parametrize("plan", ["team", "company"])
def test_a_number_of_seats_that_cannot_be_names_the_bounds(ada: Browser, seated: Seated, shop: Nexus, plan: str):
    seated(ada)
    bounds = {"team": "from 2 to 50", "company": "from 5 to 500"}[plan]
    for typed in ("0", "-1", "1.5", str(10**12), "many", "", "%00", "%D9%A3"):
        answer = look(ada, shop(plan), typed)
        assert answer.status_code == 422, typed
        assert bounds in words(answer)
    assert 'value="many"' in look(ada, shop(plan), "many").text
    assert of(ada).quantity == 3


@pytest.mark.parametrize(("currency", "sign"), [("jpy", "¥"), ("kwd", "KWD")])
def test_yen_and_dinar_are_right(ada: Browser, seated: Seated, shop: Nexus, sandbox: Sandbox, currency: str, sign: str):
    seated(ada, "team", 3, currency)
    turn(sandbox, "10 days")
    page = look(ada, shop("company", "month", currency), 6)
    form = form_of(page)
    assert sign in button_of(page)
    press(ada, shop("company", "month", currency), form)
    assert (str(newest_invoice(sandbox)["total"]), of(ada).quantity) == (form["due"], 6)
    whole = {"jpy": "¥22,200", "kwd": "46.500"}[currency]
    assert whole in words(page)


def give(sandbox: Sandbox, browser: Browser, **coupon: object) -> None:
    """A discount, as staff give one."""
    key = {"Authorization": "Bearer sk_test_sandbox"}
    made = requests.post(f"{sandbox.url}/v1/coupons", data=coupon, headers=key, timeout=10).json()
    address = f"{sandbox.url}/v1/subscriptions/{of(browser).stripe_id}"
    data = {"discounts[0][coupon]": made["id"]}
    requests.post(address, data=data, headers=key, timeout=10).raise_for_status()
    work(sandbox)


@pytest.mark.parametrize(
    ("coupon", "said", "renewal", "course"),
    [
        (
            {"percent_off": 20, "duration": "forever", "name": "Friends"},
            "Friends, 20% off: it stays.",
            "23920",
            "then every month",
        ),
        (
            {"percent_off": 20, "duration": "once", "name": "Hello"},
            "Hello, 20% off: it is used up",
            "29900",
            "then every month",
        ),
        (
            {"amount_off": 500, "currency": "usd", "duration": "once", "name": "Five"},
            "Five, $5.00 off: it is",
            "29900",
            "then every month",
        ),
        (
            {"percent_off": 50, "duration": "repeating", "duration_in_months": 1, "name": "Half"},
            "Half, 50% off: it stays until",
            "29900",
            "Next renewal: $149.50 on {renews:%-d %b %Y}, then $299.00 every month.",
        ),
        (
            {"percent_off": 20, "duration": "repeating", "duration_in_months": 3, "name": "Spring"},
            "Spring, 20% off: it stays until",
            "23920",
            "$239.20 a month for 3 months, then $299.00.",
        ),
    ],
)
def test_a_discount_is_told_what_becomes_of_it(
    ada: Browser,
    subscribe: Subscribe,
    nexus: Nexus,
    sandbox: Sandbox,
    coupon: dict[str, object],
    said: str,
    renewal: str,
    course: str,
):
    subscribe(ada, "growth")
    turn(sandbox, "10 days")
    give(sandbox, ada, **coupon)
    page = look(ada, nexus("pro"))
    form = form_of(page)
    assert said in words(page)
    assert course.format(renews=of(ada).current_period_end) in words(page)
    press(ada, nexus("pro"), form)
    assert str(newest_invoice(sandbox)["total"]) == form["due"]
    turn(sandbox, "1 month")
    assert str(newest_invoice(sandbox)["total"]) == form["renewal"]
    if coupon["duration"] != "repeating":
        assert form["renewal"] == renewal


def test_a_change_that_credits_more_than_it_costs_keeps_the_rest(
    ada: Browser, seated: Seated, shop: Nexus, sandbox: Sandbox
):
    seated(ada, "team", 3)
    give(sandbox, ada, percent_off=100, duration="forever", name="Gift")
    page = look(ada, shop("company"), 6)
    assert button_of(page) == "Change now"
    assert "Kept as your credit for later invoices" in words(page)
    change_to(ada, shop("company"), 6)
    assert (newest_invoice(sandbox)["amount_due"], newest_invoice(sandbox)["status"]) == (0, "paid")


STEPS = 20


def test_twenty_random_changes_cost_what_their_sheets_said(ada: Browser, seated: Seated, shop: Nexus, sandbox: Sandbox):
    dice = random.Random(20261121)
    seated(ada)
    sheet: Sheet | None = None
    for _ in range(STEPS):
        turn(sandbox, dice.choice(["1 hour", "3 days", "11 days", "1 month"]))
        if sheet is not None and sheet.is_later and of(ada).scheduled_price_id is None:
            assert newest_invoice(sandbox)["total"] == sheet.shown.renewal
        price = shop(dice.choice(["team", "company"]), dice.choice(["month", "month", "year"]))
        try:
            sheet = change.preview(ada.organization, price, dice.randint(5, 50))
        except CannotChange:
            sheet = None
            continue
        before = len(sandbox.objects("invoices"))
        change.confirm(ada.organization, price, sheet.quantity, sheet.shown, secrets.token_urlsafe(16))
        db.session.commit()
        if sheet.way is Way.NOW:
            assert newest_invoice(sandbox)["amount_due"] == sheet.due.amount
            assert newest_invoice(sandbox)["total"] == sheet.invoice.total
        else:
            assert len(sandbox.objects("invoices")) == before
        mirror = service.latest(ada.organization)
        assert mirror is not None
        theirs = gateway.retrieve(mirror.stripe_id)
        assert (mirror.price.stripe_price_id, mirror.quantity) == (theirs.price, theirs.quantity)
        db.session.rollback()
