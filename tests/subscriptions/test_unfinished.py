"""A start nobody finished: it is not a subscription that ended, costs nobody their trial, and does not come back."""

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from app.audit.models import Entry
from app.catalog.models import Price
from app.core.extensions import db
from app.subscriptions import service
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work

Prices = Callable[..., Price]
Press = Callable[..., TestResponse]


@pytest.fixture
def press_pay(ada: Browser, nexus: Prices) -> Press:
    def press(plan: str, token: str) -> TestResponse:
        form = {"token": token * 22, "name": "Analytical Engines Ltd", "country": "GB"}
        return ada.post(f"/checkout/{nexus(plan).public_id}", data=form)

    return press


def steps(browser: Browser) -> list[str]:
    mine = db.select(Entry.action).where(Entry.organization_id == browser.organization.id)
    return [action for action in db.session.scalars(mine) if action.startswith("subscription.")]


def test_a_start_given_up_for_another_plan_is_no_subscription_that_ended(
    ada: Browser, press_pay: Press, sandbox: Sandbox
):
    press_pay("growth", "a")
    press_pay("pro", "b")
    sandbox.turn_clock("2 days")
    work(sandbox)
    assert {s.status: str(s.portal_state) for s in db.session.scalars(Subscription.of(ada.organization))} == {
        "canceled": "none",
        "incomplete_expired": "none",
    }
    assert steps(ada) == []
    assert "You are on the free plan." in ada.get("/subscription").text


def test_a_start_given_up_leaves_the_trial(ada: Browser, nexus: Prices, press_pay: Press):
    press_pay("growth", "a")
    press_pay("starter", "b")
    assert "Start trial" in ada.get(f"/checkout/{nexus('starter').public_id}").text
    assert press_pay("starter", "c").get_json()["kind"] == "setup"


def test_an_expired_start_is_not_taken_up_again(ada: Browser, press_pay: Press, card: CardForm, sandbox: Sandbox):
    press_pay("growth", "a")
    sandbox.turn_clock("2 days")
    work(sandbox)
    card.confirm(press_pay("growth", "b").get_json()["client_secret"], "4242424242424242")
    work(sandbox)
    assert service.latest(ada.organization).portal_state == "active"
