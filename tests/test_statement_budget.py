"""The hot pages are counted in statements: at most six for a signed-in visit, eight where money is agreed on, whatever the data."""

from collections.abc import Callable

import pytest

from app.core.extensions import db
from app.invoices.models import Invoice
from tests.cast import Browser
from tests.statements import counted

BUDGET = 6
BUDGET_OF_AN_ORDER = 8


@pytest.fixture
def subscribed(ada: Browser, subscribe: Callable[..., None]) -> Browser:
    subscribe(ada, "growth")
    return ada


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/plans",
        "/usage",
        "/invoices",
        "/invoices/{number}",
        "/subscription",
        "/subscription/cancel",
        "/payment-methods",
        "/settings/api-keys",
    ],
)
def test_a_page_of_a_subscriber_stays_within_six_statements(subscribed: Browser, address: str):
    number = db.session.scalars(db.select(Invoice.number)).one()
    assert statements_of(subscribed, address.format(number=number)) <= BUDGET


@pytest.mark.parametrize("plan", ["growth", "starter"])
def test_checkout_stays_within_eight_statements(ada: Browser, nexus, plan: str):
    assert statements_of(ada, f"/checkout/{nexus(plan).public_id}") <= BUDGET_OF_AN_ORDER


def statements_of(browser: Browser, address: str) -> int:
    browser.get(address)  # a process's first look at the catalogue is not what is counted
    with counted() as statements:
        assert browser.get(address).status_code == 200
    return len(statements)
