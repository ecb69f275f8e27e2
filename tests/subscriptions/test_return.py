"""The return page says how a payment went, however late somebody comes back to it."""

from collections.abc import Callable

from app.catalog.models import Price
from app.subscriptions import service
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work

Prices = Callable[..., Price]
Subscribe = Callable[..., None]


def save_card(browser: Browser, price: Price, card: CardForm) -> str:
    form = {"token": "s" * 22, "name": "Analytical Engines Ltd", "country": "GB"}
    secret = browser.post(f"/checkout/{price.public_id}", data=form).get_json()["client_secret"]
    return str(card.confirm(secret, "4242424242424242")["id"])


def test_the_page_of_a_trial_long_over_still_opens(
    ada: Browser, nexus: Prices, card: CardForm, subscribe: Subscribe, sandbox: Sandbox
):
    intent = save_card(ada, nexus("starter"), card)
    work(sandbox)
    ada.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused", "comment": ""})
    sandbox.turn_clock("15 days")
    work(sandbox)
    page = ada.get(f"/checkout/return/{intent}")
    assert page.status_code == 200
    assert "is yours to try" not in page.text
    assert service.latest(ada.organization).portal_state == "ended"
    subscribe(ada, "growth")
    page = ada.get(f"/checkout/return/{intent}")
    assert page.status_code == 200
    assert "is yours to try" not in page.text


def test_the_page_of_a_payment_that_failed_has_one_way_on(
    ada: Browser, nexus: Prices, card: CardForm, sandbox: Sandbox
):
    form = {"token": "p" * 22, "name": "Analytical Engines Ltd", "country": "GB"}
    secret = ada.post(f"/checkout/{nexus('growth').public_id}", data=form).get_json()["client_secret"]
    card.decline(secret, "4000000000000002")
    page = ada.get(f"/checkout/return/{secret.split('_secret_')[0]}").text
    assert "Payment failed" in page
    assert "Try again" in page
    assert "Finish your payment" not in page
