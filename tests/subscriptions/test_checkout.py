"""Buying a plan: the amount shown is the amount charged, once, however often the button is pressed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from app.catalog.models import Price
from app.core.extensions import db
from app.gateway import subscriptions as gateway
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import CardForm, Mailbox, Sandbox, work

Prices = Callable[..., Price]


def subscription_of(browser: Browser) -> Subscription | None:
    return db.session.scalar(Subscription.of(browser.organization))


def press_pay(browser: Browser, price: Price, token: str = "t" * 22, **fields: str) -> TestResponse:
    form = {"token": token, "name": "Analytical Engines Ltd", "country": "GB", **fields}
    return browser.post(f"/checkout/{price.public_id}", data=form)


def test_the_page_shows_stripes_own_amount_and_creates_nothing(ada: Browser, nexus: Prices, sandbox: Sandbox):
    page = ada.get(f"/checkout/{nexus('growth').public_id}")
    assert "Subscribe to Growth" in page.text
    assert "Pay $99.00" in page.text
    assert sandbox.objects("customers") == []
    assert subscription_of(ada) is None


def test_paying_activates_the_plan(ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox):
    answer = press_pay(ada, nexus("growth")).get_json()
    card.confirm(answer["client_secret"], "4242424242424242")
    work(sandbox)
    subscription = subscription_of(ada)
    assert subscription is not None
    assert subscription.portal_state == "active"
    assert subscription.coming.amount == subscription.amount


def test_the_return_page_knows_before_any_event_arrives(ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox):
    sandbox.hold_events()
    secret = press_pay(ada, nexus("growth")).get_json()["client_secret"]
    intent = card.confirm(secret, "4242424242424242")
    away = ada.get(
        f"/checkout/return?payment_intent={intent['id']}&payment_intent_client_secret={secret}&redirect_status=succeeded"
    )
    assert away.status_code == 302
    assert "secret" not in away.location
    assert "<h1>Payment received</h1>" in ada.get(away.location).text
    assert subscription_of(ada).portal_state == "active"
    sandbox.hold_events(False)
    work(sandbox)
    assert subscription_of(ada).portal_state == "active"


def test_somebody_elses_payment_is_not_found(ada: Browser, cleo: Browser, nexus: Prices, card: CardForm):
    secret = press_pay(ada, nexus("growth")).get_json()["client_secret"]
    intent = card.confirm(secret, "4242424242424242")
    assert cleo.get(f"/checkout/return/{intent['id']}").status_code == 404


@pytest.mark.parametrize("intent", ["pi_unknown", "seti_unknown", "..", "%00", "cus_1", "pi_%2F.."])
def test_an_unknown_payment_is_as_little_found_as_somebody_elses(ada: Browser, nexus: Prices, intent: str):
    press_pay(ada, nexus("growth"))
    page = ada.get(f"/checkout/return/{intent}")
    assert page.status_code == 404
    assert "There is nothing at this address" in page.text


def test_the_name_on_the_invoice_is_one_line(ada: Browser, nexus: Prices, sandbox: Sandbox):
    for name in ("Analytical\0Engines", "Analytical\nEngines"):
        assert "name" in press_pay(ada, nexus("growth"), name=name).get_json()["errors"]
    assert sandbox.objects("customers") == []


def test_a_declined_card_leaves_the_same_checkout_usable(ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox):
    first = press_pay(ada, nexus("growth")).get_json()["client_secret"]
    assert card.decline(first, "4000000000000002")["code"] == "card_declined"
    again = press_pay(ada, nexus("growth")).get_json()["client_secret"]
    assert again == first
    card.confirm(again, "4242424242424242")
    work(sandbox)
    assert subscription_of(ada).portal_state == "active"
    assert len(sandbox.objects("subscriptions", status="all")) == 1


def test_a_second_tab_takes_up_the_same_start(ada: Browser, nexus: Prices, sandbox: Sandbox):
    first = press_pay(ada, nexus("growth"), token="a" * 22).get_json()
    second = press_pay(ada, nexus("growth"), token="b" * 22).get_json()
    assert first == second
    assert len(sandbox.objects("subscriptions", status="all")) == 1


def test_many_presses_at_once_make_one_subscription(ada: Browser, nexus: Prices, sandbox: Sandbox):
    price = nexus("growth")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: press_pay(ada, price, token=f"{n}" * 22), range(4)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.get_json()["client_secret"] for answer in answers if answer.status_code == 200}) == 1
    assert len(sandbox.objects("subscriptions", status="all")) == 1
    assert len(sandbox.objects("customers")) == 1


def test_choosing_another_plan_ends_the_unfinished_start(ada: Browser, nexus: Prices, sandbox: Sandbox):
    press_pay(ada, nexus("growth"), token="a" * 22)
    press_pay(ada, nexus("pro"), token="b" * 22)
    live = sandbox.objects("subscriptions")
    assert [subscription["items"]["data"][0]["price"]["id"] for subscription in live] == [nexus("pro").stripe_price_id]


def test_a_start_paid_in_another_tab_is_kept_when_another_plan_is_chosen(
    ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox
):
    secret = press_pay(ada, nexus("growth"), token="a" * 22).get_json()["client_secret"]
    seen_unpaid = gateway.of_customer(str(ada.organization.stripe_customer_id))[0]
    card.confirm(secret, "4242424242424242")
    assert gateway.abandon(seen_unpaid, "b" * 22).status == "active"
    assert press_pay(ada, nexus("pro"), token="b" * 22).get_json() == {"redirect": "/subscription"}
    assert subscription_of(ada).portal_state == "active"


def test_a_trial_ends_an_unfinished_start_of_another_plan(
    ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox
):
    trial = press_pay(ada, nexus("starter"), token="a" * 22).get_json()["client_secret"]
    unpaid = press_pay(ada, nexus("growth"), token="b" * 22).get_json()["client_secret"]
    intent = card.confirm(trial, "4242424242424242")
    assert "<h1>Trial started</h1>" in ada.get(f"/checkout/return/{intent['id']}").text
    work(sandbox)
    assert [s["status"] for s in sandbox.objects("subscriptions", status="all")] == ["trialing", "canceled"]
    with pytest.raises(AssertionError, match="status of canceled"):
        card.confirm(unpaid, "4242424242424242")


def test_a_second_saved_card_begins_no_second_trial(ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox):
    first, second = (press_pay(ada, nexus("starter"), token=t * 22).get_json()["client_secret"] for t in "ab")
    card.confirm(first, "4242424242424242")
    work(sandbox)
    ada.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused", "comment": ""})
    sandbox.turn_clock("15 days")
    work(sandbox)
    card.confirm(second, "4242424242424242")
    work(sandbox)
    assert subscription_of(ada).portal_state == "ended"
    assert len(sandbox.objects("subscriptions", status="all")) == 1


def test_who_has_a_plan_is_not_sold_another(ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox):
    card.confirm(press_pay(ada, nexus("growth")).get_json()["client_secret"], "4242424242424242")
    work(sandbox)
    page = ada.get(f"/checkout/{nexus('pro').public_id}")
    assert page.status_code == 409
    assert "You already have a plan" in page.text
    assert press_pay(ada, nexus("pro"), token="c" * 22).get_json() == {"redirect": "/subscription"}
    assert len(sandbox.objects("subscriptions", status="all")) == 1


def test_a_trial_begins_with_a_saved_card_and_no_charge(ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox):
    assert "Start trial" in ada.get(f"/checkout/{nexus('starter').public_id}").text
    answer = press_pay(ada, nexus("starter")).get_json()
    assert answer["kind"] == "setup"
    assert sandbox.objects("subscriptions", status="all") == []
    intent = card.confirm(answer["client_secret"], "4242424242424242")
    assert "<h1>Trial started</h1>" in ada.get(f"/checkout/return/{intent['id']}").text
    work(sandbox)
    subscription = subscription_of(ada)
    assert subscription.portal_state == "trialing"
    assert subscription.default_payment_method == intent["payment_method"]
    assert sandbox.objects("charges") == []
    assert len(sandbox.objects("subscriptions", status="all")) == 1


def test_a_trial_is_offered_once(ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox):
    card.confirm(press_pay(ada, nexus("starter")).get_json()["client_secret"], "4242424242424242")
    work(sandbox)
    ada.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused", "comment": ""})
    sandbox.turn_clock("15 days")
    work(sandbox)
    assert subscription_of(ada).portal_state == "ended"
    assert "Pay $29.00" in ada.get(f"/checkout/{nexus('starter').public_id}").text


def test_a_receipt_and_a_welcome_are_sent_once(
    ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox, mailbox: Mailbox
):
    card.confirm(press_pay(ada, nexus("growth")).get_json()["client_secret"], "4242424242424242")
    work(sandbox)
    work(sandbox)
    assert len(mailbox.to(ada.user.email)) == 2


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": ""}, "Please enter the name to print on the invoice."),
        ({"country": ""}, "Please choose the country of the invoice address."),
        ({"country": "XX"}, "Not a valid choice."),
        ({"token": "short"}, "This form is incomplete. Reload the page and try again."),
    ],
)
def test_bad_entries_are_said_and_nothing_is_created(
    ada: Browser, nexus: Prices, sandbox: Sandbox, fields: dict[str, str], problem: str
):
    answer = press_pay(ada, nexus("growth"), **fields)
    assert answer.status_code == 422
    assert [[problem]] == list(answer.get_json()["errors"].values())
    assert sandbox.objects("customers") == []


def test_a_member_may_not_buy(person: Callable[..., Browser], ada: Browser, nexus: Prices):
    dora = person("Dora", ada.organization, "member")
    assert dora.get(f"/checkout/{nexus('growth').public_id}").status_code == 403
    assert press_pay(dora, nexus("growth")).status_code == 403


def test_an_unknown_price_is_not_found(ada: Browser, nexus: Prices):
    assert ada.get("/checkout/price_unknown").status_code == 404


def test_a_flood_of_looks_is_stopped_before_it_reaches_stripe(ada: Browser, cleo: Browser, nexus: Prices):
    looks = [ada.get("/checkout/price_unknown").status_code for _ in range(61)]
    assert looks == [404] * 60 + [429]
    assert cleo.get("/checkout/price_unknown").status_code == 404
    assert [ada.get("/checkout/return/pi_unknown").status_code for _ in range(61)][-1] == 429


def test_another_amount_than_the_page_showed_is_not_begun(ada: Browser, nexus: Prices, sandbox: Sandbox):
    answer = press_pay(ada, nexus("growth"), amount="9800")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "amount_changed")
    assert sandbox.objects("subscriptions") == []
    assert press_pay(ada, nexus("growth"), token="u" * 22, amount="9900").status_code == 200
    assert press_pay(ada, nexus("growth"), token="v" * 22, amount="many").status_code == 422
