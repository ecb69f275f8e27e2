"""A form sent once more after what it did was taken back says that it is spent, and never that it is done."""

from collections.abc import Callable

import pytest

from app.core.extensions import db
from app.core.tasks import Task
from tests.cast import Browser
from tests.helpers import Sandbox, work

from .changing import FAILS_LATER, Nexus, Subscribe, change_to, form_of, look, of, press, take_back, turn

UseCard = Callable[[Browser, str], None]
SPENT = "This form was already used"
PAUSE = {"until": "open", "token": "p" * 22}


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe) -> Browser:
    subscribe(ada, "growth")
    return ada


def test_undoing_a_second_schedule_with_the_first_form(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    for _ in range(2):
        change_to(subscribed, nexus("starter"))
        answer = take_back(subscribed, "scheduled")
        work(sandbox)
    assert answer.status_code == 409
    assert SPENT in answer.text
    assert of(subscribed).scheduled_price_id == nexus("starter").id


def test_confirming_a_change_again_that_was_discarded(
    subscribed: Browser, nexus: Nexus, use_card: UseCard, sandbox: Sandbox
):
    use_card(subscribed, FAILS_LATER)
    form = form_of(look(subscribed, nexus("pro")))
    press(subscribed, nexus("pro"), form)
    take_back(subscribed, "waiting")
    work(sandbox)
    answer = press(subscribed, nexus("pro"), form)
    assert answer.status_code == 409
    assert SPENT in answer.text


def test_a_pause_planned_with_the_form_of_an_earlier_period(subscribed: Browser, sandbox: Sandbox):
    subscribed.post("/subscription/pause", data=PAUSE)
    subscribed.post("/subscription/pause", data={"_method": "DELETE", "token": "t" * 22})
    turn(sandbox, "1 month")
    answer = subscribed.post("/subscription/pause", data=PAUSE)
    assert answer.status_code == 409
    assert SPENT in answer.text
    assert not of(subscribed).is_pausing
    assert db.session.scalar(db.select(db.func.count()).where(Task.kind == "pause_subscription")) == 1
