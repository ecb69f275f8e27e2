"""The home page: the plan at one glance, in a fixed number of statements."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.audit.models import Entry
from app.core import clock
from app.overview.timeline import described
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.statements import counted
from tests.usage.uses import use

Subscribe = Callable[..., None]


def test_who_never_subscribed_sees_the_free_plan_and_the_next_step(ada: Browser):
    page = ada.get("/")
    assert "<h1>Overview</h1>" in page.text
    assert "You are on the free plan." in page.text
    assert "Change plan" in page.text


def test_a_subscriber_sees_plan_price_next_charge_card_and_invoices(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")
    page = ada.get("/").text
    for words in ("Growth", "Active", "$99.00", "Next charge", "Visa •••• 4242", "-0001", "Subscription started"):
        assert words in page


def test_it_takes_six_statements_however_many_invoices_there_are(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    counts = []
    for months in (0, 3):
        for _ in range(months):
            sandbox.turn_clock("1 month")
        work(sandbox)
        ada.get("/")  # a process's first look at the catalogue is not what is counted
        with counted() as statements:
            ada.get("/")
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 6


def test_another_organizations_plan_is_not_shown(ada: Browser, cleo: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")
    assert "Growth" not in cleo.get("/").text


def test_an_unfinished_payment_asks_to_be_finished(ada: Browser, nexus):
    form = {"token": "t" * 22, "name": "Ada", "country": "GB"}
    ada.post(f"/checkout/{nexus('growth').public_id}", data=form)
    page = ada.get("/").text
    assert "Your payment for Growth was not finished. Nothing was charged." in page
    assert "Finish your payment" in page


def test_what_came_in_late_stands_where_it_happened(ada: Browser):
    told = {"action": "subscription.started", "data": {}}
    first, second = (Entry(id=number, at=clock.now() - timedelta(days=number), **told) for number in (1, 2))
    assert [step.at for step in described([second, first])] == [first.at, second.at]


def test_a_visitor_is_asked_to_sign_in(client: Browser):
    assert client.get("/").location == "/login?next=/"


def test_a_visitors_fragment_request_is_sent_to_the_sign_in_page(client: Browser):
    answer = client.get("/subscription", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/login")


@pytest.mark.parametrize(("used", "title"), [(41, "Use came near its limit"), (50, "Use reached its limit")])
def test_the_timeline_tells_near_from_reached(ada: Browser, nexus, used: int, title: str):
    use(ada, "ai_generations", used)
    assert title in ada.get("/").text


def test_of_the_levels_of_one_window_the_latest_stands_in_the_timeline(ada: Browser, nexus, sandbox: Sandbox):
    for quantity in (41, 5, 4):
        use(ada, "ai_generations", quantity)
    sandbox.turn_clock("1 month")
    clock.refresh()
    use(ada, "ai_generations", 41)
    page = ada.get("/").text
    assert [page.count(f"AI generations, {level}%") for level in (80, 90, 100)] == [1, 0, 1]
