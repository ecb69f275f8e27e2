"""Whatever races a change: one legal end, a clear sentence, and nothing charged twice."""

import threading
from collections.abc import Callable

import pytest
import requests
from werkzeug.test import TestResponse

from tests.cast import Browser
from tests.helpers import Sandbox, while_a_call_waits, work

from .changing import (
    Nexus,
    Subscribe,
    address,
    change_to,
    form_of,
    look,
    newest_invoice,
    of,
    press,
    take_back,
    turn,
    words,
)

GROWTH, PRO = 9900, 29900


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe) -> Browser:
    subscribe(ada, "growth")
    return ada


def at_once(*deeds: Callable[[], TestResponse]) -> list[TestResponse]:
    """All of them, in a thread each."""
    answers: list[TestResponse] = []
    threads = [threading.Thread(target=lambda deed=deed: answers.append(deed())) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(deeds)
    return answers


def cancel(browser: Browser) -> TestResponse:
    return browser.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused"})


def paid(sandbox: Sandbox) -> list[int]:
    """What was paid, the oldest first."""
    return [charge["amount"] for charge in reversed(sandbox.objects("charges")) if charge["paid"]]


def test_a_double_click_is_one_change(subscribed: Browser, bob: Browser, nexus: Nexus, sandbox: Sandbox):
    form, pro = form_of(look(subscribed, nexus("pro"))), nexus("pro")
    answers = at_once(lambda: press(subscribed, pro, form), lambda: press(bob, pro, form))
    assert [answer.status_code for answer in answers] == [303, 303]
    work(sandbox)
    assert paid(sandbox) == [GROWTH, PRO - GROWTH]
    assert of(subscribed).price_id == nexus("pro").id


def test_so_is_one_of_what_comes_later(subscribed: Browser, bob: Browser, nexus: Nexus, sandbox: Sandbox):
    form, starter = form_of(look(subscribed, nexus("starter"))), nexus("starter")
    answers = at_once(lambda: press(subscribed, starter, form), lambda: press(bob, starter, form))
    assert [answer.status_code for answer in answers] == [303, 303]
    work(sandbox)
    assert of(subscribed).scheduled_price_id == nexus("starter").id
    assert len(sandbox.objects("subscription_schedules")) == 1


def test_two_tabs_that_upgrade_charge_once(subscribed: Browser, bob: Browser, nexus: Nexus, sandbox: Sandbox):
    mine, his = form_of(look(subscribed, nexus("pro"))), form_of(look(bob, nexus("pro")))
    pro = nexus("pro")
    answers = at_once(lambda: press(subscribed, pro, mine), lambda: press(bob, pro, his))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert "This is your current plan." in words(refused)
    work(sandbox)
    assert paid(sandbox) == [GROWTH, PRO - GROWTH]


def test_upgrading_and_canceling_at_once_ends_in_one_of_two_ways(
    subscribed: Browser, bob: Browser, nexus: Nexus, sandbox: Sandbox
):
    form, pro = form_of(look(subscribed, nexus("pro"))), nexus("pro")
    answers = at_once(lambda: press(subscribed, pro, form), lambda: cancel(bob))
    work(sandbox)
    subscription = of(subscribed)
    assert subscription.cancel_at is not None
    if subscription.price_id == pro.id:  # the upgrade was first
        assert [answer.status_code for answer in answers] == [303, 303]
        assert paid(sandbox) == [GROWTH, PRO - GROWTH]
    else:  # the sheet did not say that the plan would end
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        assert paid(sandbox) == [GROWTH]


def test_a_cancellation_in_another_tab_is_shown_before_an_upgrade(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    form = form_of(look(subscribed, nexus("pro")))
    cancel(subscribed)
    answer = press(subscribed, nexus("pro"), form)
    assert answer.status_code == 409
    assert "Your cancellation It stays" in words(answer)
    assert paid(sandbox) == [GROWTH]
    later = form_of(look(subscribed, nexus("pro")))
    assert press(subscribed, nexus("pro"), later).status_code == 303


def test_a_renewal_between_the_sheet_and_its_button_shows_the_sheet_anew(
    subscribed: Browser, nexus: Nexus, sandbox: Sandbox
):
    turn(sandbox, "27 days")
    left = int(of(subscribed).current_period_end.timestamp()) - _now(sandbox)
    turn(sandbox, f"{left - 60} seconds")
    up, down = form_of(look(subscribed, nexus("pro"))), form_of(look(subscribed, nexus("starter")))
    turn(sandbox, "2 minutes")
    answer = press(subscribed, nexus("pro"), up)
    assert answer.status_code == 409
    assert "renewed" in words(answer)
    assert press(subscribed, nexus("starter"), down).status_code == 409
    assert (of(subscribed).price_id, of(subscribed).scheduled_price) == (nexus("growth").id, None)
    assert press(subscribed, nexus("pro"), form_of(answer)).status_code == 303


def _now(sandbox: Sandbox) -> int:
    return int(requests.get(f"{sandbox.url}/_sandbox/clock", timeout=10).json()["now"])


def test_a_renewal_we_have_not_heard_of_lets_nothing_through(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    turn(sandbox, "10 days")
    form = form_of(look(subscribed, nexus("starter")))
    sandbox.hold_events()
    sandbox.turn_clock("1 month")
    for answer in (look(subscribed, nexus("pro")), press(subscribed, nexus("starter"), form)):
        assert answer.status_code == 409
        assert "being renewed right now" in words(answer)
    sandbox.hold_events(False)
    work(sandbox)
    assert look(subscribed, nexus("pro")).status_code == 200


def test_a_period_that_ends_while_an_upgrade_is_on_its_way_renews_the_sheet(
    subscribed: Browser, nexus: Nexus, sandbox: Sandbox
):
    form = form_of(look(subscribed, nexus("pro")))
    sandbox.hold_events()
    with while_a_call_waits(sandbox, "POST", "/v1/subscriptions/", lambda: sandbox.turn_clock("1 month")):
        answer = press(subscribed, nexus("pro"), form)
    sandbox.hold_events(False)
    work(sandbox)
    assert (answer.status_code, answer.location) == (303, address(nexus("pro"), 1))
    assert "has just been renewed. Nothing was changed" in look(subscribed, nexus("pro")).text
    assert paid(sandbox) == [GROWTH]
    assert of(subscribed).price_id == nexus("growth").id


def test_a_failed_renewal_between_stops_an_upgrade(
    subscribed: Browser, nexus: Nexus, sandbox: Sandbox, use_card: Callable[[Browser, str], None]
):
    use_card(subscribed, "4000000000000341")
    form = form_of(look(subscribed, nexus("pro")))
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    answer = press(subscribed, nexus("pro"), form)
    assert answer.status_code == 409
    assert "A payment is overdue" in words(answer)
    assert of(subscribed).price_id == nexus("growth").id


def test_the_event_before_the_answer_tells_the_same(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    """Stripe does it, and its answer is lost; the workers hear of it first, then the customer presses again."""
    form = form_of(look(subscribed, nexus("pro")))
    lose_the_next_answer(sandbox, "/v1/subscriptions/")
    assert press(subscribed, nexus("pro"), form).status_code == 503
    work(sandbox)
    assert of(subscribed).price_id == nexus("pro").id
    assert press(subscribed, nexus("pro"), form).status_code == 303
    assert paid(sandbox) == [GROWTH, PRO - GROWTH]


def test_pressing_again_after_a_lost_answer_does_it_once(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    form = form_of(look(subscribed, nexus("pro")))
    sandbox.hold_events()
    lose_the_next_answer(sandbox, "/v1/subscriptions/")
    assert press(subscribed, nexus("pro"), form).status_code == 503
    assert of(subscribed).price_id == nexus("growth").id
    assert press(subscribed, nexus("pro"), form).status_code == 303
    sandbox.hold_events(False)
    work(sandbox)
    assert of(subscribed).price_id == nexus("pro").id
    assert paid(sandbox) == [GROWTH, PRO - GROWTH]


def test_a_schedule_whose_answer_was_lost_is_made_once(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    form = form_of(look(subscribed, nexus("starter")))
    lose_the_next_answer(sandbox, "/v1/subscription_schedules")
    assert press(subscribed, nexus("starter"), form).status_code == 503
    work(sandbox)
    assert press(subscribed, nexus("starter"), form).status_code == 303
    assert of(subscribed).scheduled_price_id == nexus("starter").id
    assert len(sandbox.objects("subscription_schedules")) == 1


def lose_the_next_answer(sandbox: Sandbox, path: str) -> None:
    plan = [{"call": "reset", "when": "after", "method": "POST", "path": path, "count": 3}]
    requests.post(f"{sandbox.url}/_sandbox/faults", json={"seed": 1, "plan": plan}, timeout=10).raise_for_status()


def test_a_used_form_sent_again_after_an_undo_changes_nothing(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    form = form_of(look(subscribed, nexus("starter")))
    press(subscribed, nexus("starter"), form)
    take_back(subscribed, "scheduled")
    assert press(subscribed, nexus("starter"), form).status_code == 409
    assert of(subscribed).scheduled_price is None


def test_events_that_come_late_do_not_undo_a_change(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    sandbox.hold_events()
    change_to(subscribed, nexus("pro"))
    change_to(subscribed, nexus("starter"))
    sandbox.hold_events(False)
    work(sandbox)
    assert (of(subscribed).price_id, of(subscribed).scheduled_price_id) == (nexus("pro").id, nexus("starter").id)
    assert newest_invoice(sandbox)["total"] == PRO - GROWTH
