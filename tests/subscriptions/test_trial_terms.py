"""A trial without a card goes on only with plans whose trial needs none either."""

from pathlib import Path

import pytest
from flask import Flask

from app.catalog import load
from app.catalog.models import Price
from app.core.extensions import db
from tests.cast import Browser
from tests.helpers import Sandbox

from .changing import address, change_to, of, words
from .leaving import pays_with
from .on_trial import GOOD, start_plainly

TERMS = """
[[plans]]
key = "free"
name = "Free"
kind = "free"
"""
PLAN = """
[[plans]]
key = "{key}"
name = "{key}"
{trial}
prices.usd = {{ month = {amount} }}
"""
CARD_FREE = 'trial_days = 14\ntrial_card = "optional"'


@pytest.fixture
def sold(app: Flask, tmp_path: Path) -> dict[str, Price]:
    plans = [
        ("solo", CARD_FREE, 2900),
        ("duo", CARD_FREE, 4900),
        ("strict", "trial_days = 14", 9900),
        ("huge", "", 990000),
    ]
    text = TERMS + "".join(PLAN.format(key=key, trial=trial, amount=amount) for key, trial, amount in plans)
    (tmp_path / "terms.toml").write_text(text)
    load.apply(load.read(tmp_path / "terms.toml"))
    db.session.commit()
    return {price.plan.key: price for price in db.session.scalars(db.select(Price).options(db.joinedload(Price.plan)))}


@pytest.fixture
def trying(ada: Browser, sold: dict[str, Price]) -> Browser:
    """Solo, without a card."""
    start_plainly(ada, sold["solo"].public_id)
    return ada


@pytest.mark.parametrize("plan", ["strict", "huge"])
def test_a_plan_that_is_not_tried_without_a_card_asks_for_one(trying: Browser, sold: dict[str, Price], plan: str):
    page = trying.get(address(sold[plan]))
    assert page.status_code == 409
    assert "Add a card first" in words(page)
    assert 'href="/payment-methods/new"' in page.text


def test_a_plan_on_the_same_terms_is_changed_to(trying: Browser, sold: dict[str, Price]):
    change_to(trying, sold["duo"])
    assert (of(trying).price_id, of(trying).status) == (sold["duo"].id, "trialing")


def test_with_a_card_any_plan_is(trying: Browser, sold: dict[str, Price], sandbox: Sandbox):
    pays_with(sandbox, trying, GOOD)
    change_to(trying, sold["huge"])
    assert (of(trying).price_id, of(trying).status) == (sold["huge"].id, "trialing")
