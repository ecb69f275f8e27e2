"""Credit at Stripe: shown from when it is given until an invoice has used it."""

from collections.abc import Callable

import pytest
import requests

from app.audit.models import Entry
from app.core.extensions import db
from tests.cast import Browser
from tests.helpers import Sandbox, work

Subscribe = Callable[..., None]

SHOWN = "$12.00, which your next invoices use first"


@pytest.fixture
def credited(ada: Browser, subscribe: Subscribe, sandbox: Sandbox) -> Browser:
    subscribe(ada, "growth")
    give(ada, sandbox, -1200)
    return ada


def give(browser: Browser, sandbox: Sandbox, amount: int) -> None:
    """As staff do in Stripe's dashboard; below zero it is in the customer's favour."""
    customer = browser.organization.stripe_customer_id
    requests.post(
        f"{sandbox.url}/v1/customers/{customer}/balance_transactions",
        data={"amount": str(amount), "currency": "usd"},
        auth=("sk_test_sandbox", ""),
        timeout=10,
    ).raise_for_status()
    work(sandbox)


def test_the_overview_names_it(credited: Browser):
    page = credited.get("/").text
    assert SHOWN in page
    assert "Credit on the account is now" in page


def test_it_is_gone_when_an_invoice_has_used_it(credited: Browser, sandbox: Sandbox):
    sandbox.turn_clock("32 days")
    work(sandbox)
    assert credited.organization.credit is None
    assert "which your next invoices use first" not in credited.get("/").text


def test_what_is_owed_from_before_is_no_credit(credited: Browser, sandbox: Sandbox):
    give(credited, sandbox, 5000)
    assert credited.organization.credit is None


def test_a_change_of_the_customer_that_leaves_it_alone_is_not_told(credited: Browser, sandbox: Sandbox):
    customer = credited.organization.stripe_customer_id
    url = f"{sandbox.url}/v1/customers/{customer}"
    requests.post(url, data={"name": "Engines"}, auth=("sk_test_sandbox", ""), timeout=10).raise_for_status()
    work(sandbox)
    told = db.select(db.func.count()).where(Entry.action == "organization.credit_changed")
    assert db.session.scalar(told) == 1
