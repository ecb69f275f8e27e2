"""A schedule that changes nothing, left by a crash or by a change that has come: it counts as none."""

import pytest

from app.gateway import subscription_changes as gateway
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.promotions.codes import make_code

from .changing import Nexus, Subscribe, change_to, form_of, look, of, press, take_back, turn
from .on_trial import shown

CODE = "/subscription/promotion-code"


@pytest.fixture
def crashed(ada: Browser, subscribe: Subscribe, nexus: Nexus, sandbox: Sandbox) -> dict[str, str]:
    """A change to Starter stopped after Stripe had made its schedule, before it said anything; answers the form."""
    subscribe(ada, "growth")
    form = form_of(look(ada, nexus("starter")))
    gateway._make_schedule(f"subscription-change:{of(ada).public_id}:{form['token']}:schedule", of(ada).stripe_id)
    work(sandbox)
    assert (of(ada).portal_state, of(ada).schedule is None) == ("active", False)
    return form


def take(browser: Browser) -> object:
    page = browser.get(f"{CODE}?promotion_code=SPRING20")
    return browser.post(CODE, data={"promotion_code": "SPRING20", "amount": shown(page.text), "token": "d" * 22})


def paid(sandbox: Sandbox) -> list[int]:
    return [charge["amount"] for charge in sandbox.objects("charges")]


@pytest.mark.usefixtures("crashed")
def test_a_planned_pause_begins_all_the_same(ada: Browser, sandbox: Sandbox):
    ada.post("/subscription/pause", data={"until": "open", "token": "p" * 22})
    turn(sandbox, "1 month")
    assert (of(ada).portal_state, of(ada).schedule, paid(sandbox)) == ("paused", None, [9900])


@pytest.mark.usefixtures("crashed")
def test_a_code_is_taken_for_the_next_charge(ada: Browser, sandbox: Sandbox):
    make_code(sandbox, coupon={"percent_off": "50", "duration": "forever"})
    assert take(ada).status_code == 303
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    assert paid(sandbox) == [4950, 9900]


@pytest.mark.usefixtures("crashed")
def test_there_is_nothing_to_undo(ada: Browser):
    assert "No change is scheduled" in take_back(ada, "scheduled").text


def test_pressed_again_the_change_is_scheduled(crashed: dict[str, str], ada: Browser, nexus: Nexus):
    assert press(ada, nexus("starter"), crashed).status_code == 303
    assert of(ada).scheduled_price_id == nexus("starter").id


def test_pressed_again_after_the_schedule_was_let_go_it_says_so(
    crashed: dict[str, str], ada: Browser, nexus: Nexus, sandbox: Sandbox
):
    gateway.release_schedule("let go", of(ada).stripe_id, str(of(ada).schedule))
    work(sandbox)
    answer = press(ada, nexus("starter"), crashed)
    assert answer.status_code == 409
    assert "This form was already used" in answer.text


def test_the_day_after_a_change_came_a_code_is_taken(
    ada: Browser, subscribe: Subscribe, nexus: Nexus, sandbox: Sandbox
):
    subscribe(ada, "growth")
    change_to(ada, nexus("starter"))
    sandbox.turn_clock_to(of(ada).current_period_end)
    turn(sandbox, "2 hours")
    assert (of(ada).price_id, of(ada).schedule is None) == (nexus("starter").id, False)
    make_code(sandbox, coupon={"percent_off": "50", "duration": "forever"})
    assert take(ada).status_code == 303
    turn(sandbox, "2 days")
    assert (of(ada).schedule, len(of(ada).discounts)) == (None, 1)
