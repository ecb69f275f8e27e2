"""A form's token belongs to the organization whose page it was on: at another one it finds and does nothing of theirs."""

from collections.abc import Callable

import pytest

from app.catalog.models import Price
from app.core.errors import NotFound
from app.core.extensions import db
from app.gateway import subscriptions as gateway
from app.subscriptions import service
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work
from tests.subscriptions.leaving import AGAIN, ends_at_stripe
from tests.subscriptions.on_trial import shown

Subscribe = Callable[..., None]
TOKEN = "a" * 22


def test_somebody_elses_token_subscribes_oneself(
    ada: Browser, cleo: Browser, subscribe: Subscribe, nexus: Callable[..., Price], card: CardForm, sandbox: Sandbox
):
    subscribe(cleo, "starter")
    ends_at_stripe(sandbox, cleo)
    work(sandbox)
    form = {"token": TOKEN, "name": "Analytical Engines", "country": "GB"}
    ada.post(f"/checkout/{nexus('growth').public_id}", data=form)
    page = cleo.get(AGAIN)
    assert cleo.post(AGAIN, data={"token": TOKEN, "amount": shown(page.text)}).status_code == 303
    mine = db.session.scalars(Subscription.of(cleo.organization)).all()
    assert {one.price.plan.key for one in mine} == {"starter"}


def test_two_organizations_save_a_card_with_one_token(ada: Browser, cleo: Browser, subscribe: Subscribe):
    for browser in (ada, cleo):
        subscribe(browser)
    secrets = [
        browser.post("/payment-methods/new", data={"token": TOKEN}).get_json()["client_secret"]
        for browser in (ada, cleo)
    ]
    assert len(set(secrets)) == 2


def test_a_subscription_of_somebody_else_is_not_taken_in(ada: Browser, cleo: Browser, subscribe: Subscribe):
    for browser in (ada, cleo):
        subscribe(browser)
    theirs = gateway.retrieve(db.session.scalars(Subscription.of(ada.organization)).one().stripe_id)
    with pytest.raises(NotFound):
        service.absorb(cleo.organization, theirs)
