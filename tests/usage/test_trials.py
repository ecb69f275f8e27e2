"""In a trial a billable limit is a soft one: beyond it all is allowed and nothing is sold; page and programs are told so."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from app.catalog.models import Behaviour
from app.core import clock
from app.gateway.client import client as stripe
from app.usage import service
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.programs import Program
from tests.subscriptions.changing import change_to, of
from tests.usage.reporting import count, event

METER = "ai_generations"
INCLUDED = 5000


@pytest.fixture
def trying(ada: Browser, subscribe: Callable[..., None], nexus: Callable[..., Any]) -> Browser:
    """Ada tries Growth: 5,000 AI generations, then 2 cents each for who pays."""
    subscribe(ada, "starter")
    change_to(ada, nexus("growth"))
    return ada


def generations(id: str, quantity: int, at: datetime | None = None):
    return event(id, METER, quantity, at)


def convert(sandbox: Sandbox) -> None:
    """The trial is over, and paid for."""
    sandbox.turn_clock("15 days")
    clock.refresh()
    work(sandbox)


def totals(sandbox: Sandbox, browser: Browser) -> list[int]:
    """Of the invoices in cents, the oldest first."""
    found = sandbox.objects("invoices", customer=str(browser.organization.stripe_customer_id))
    return [invoice["total"] for invoice in reversed(found)]


def next_month(sandbox: Sandbox) -> None:
    for step in ("1 month", "2 hours"):
        sandbox.turn_clock(step)
        clock.refresh()
        work(sandbox)


def test_a_check_allows_what_goes_beyond_and_says_that_it_is_not_sold(trying: Browser):
    answer = Program(trying).post("/entitlements/check", {"meter": METER, "estimate": INCLUDED + 1}).get_json()
    assert (answer["allowed"], answer["reason"], answer["limit"]) == (True, "over_soft_limit", INCLUDED)


def test_who_keeps_a_copy_of_the_limits_reads_the_same(trying: Browser):
    limits = Program(trying).get("/entitlements").get_json()["limits"]
    assert limits[METER] == {"limit": INCLUDED, "behaviour": "soft"}


def test_the_page_names_no_price(trying: Browser):
    count(trying, generations("a", INCLUDED + 100))
    page = trying.get("/usage").text
    assert "5,100 used, 100 beyond the 5,000 included" in page
    assert "Nothing stops at the limit." in page
    assert "$0.02" not in page


def test_with_the_first_payment_the_limit_is_billable(trying: Browser, sandbox: Sandbox):
    convert(sandbox)
    standing = service.standing(trying.organization, METER)
    assert standing.behaviour is Behaviour.BILLABLE
    assert standing.overage_price is not None


def test_what_was_used_in_the_trial_is_never_billed(trying: Browser, sandbox: Sandbox):
    count(trying, generations("a", INCLUDED + 100))
    convert(sandbox)
    next_month(sandbox)
    assert totals(sandbox, trying) == [0, 9900, 9900]


def test_use_of_the_trial_that_is_first_heard_of_later_is_free(trying: Browser, sandbox: Sandbox):
    happened = clock.now()
    convert(sandbox)
    count(trying, generations("a", INCLUDED + 100, happened))
    work(sandbox)
    next_month(sandbox)
    assert totals(sandbox, trying) == [0, 9900, 9900]


def test_late_use_of_a_trial_that_was_ended_early_is_free(trying: Browser, sandbox: Sandbox):
    happened = clock.now()
    count(trying, generations("a", INCLUDED + 100))
    sandbox.turn_clock("2 days")
    stripe().v1.subscriptions.update(of(trying).stripe_id, {"trial_end": "now"})
    work(sandbox)
    clock.refresh()
    count(trying, generations("late", 1, happened))
    work(sandbox)
    next_month(sandbox)
    assert totals(sandbox, trying) == [0, 9900, 9900]


def test_after_the_trial_what_goes_beyond_is_sold_from_nothing(trying: Browser, sandbox: Sandbox):
    count(trying, generations("a", INCLUDED + 100))
    convert(sandbox)
    count(trying, generations("b", INCLUDED + 10))
    work(sandbox)
    next_month(sandbox)
    assert totals(sandbox, trying) == [0, 9900, 9900 + 10 * 2]
