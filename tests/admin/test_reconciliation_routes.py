"""What differs from Stripe as staff see it: found, read, repaired, left alone."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.audit.models import Entry
from app.core import clock
from app.core.extensions import db
from app.core.tasks import Task
from app.core.transactions import commit
from app.reconciliation.models import Difference, Round, Scope, State
from tests.admin.pressing import form, press, told
from tests.cast import Browser
from tests.statements import counted

LIST = "/admin/reconciliation"
REPAIR = f"{LIST}/repair"
IGNORE = f"{LIST}/ignore"


@pytest.fixture
def differ(app: Flask) -> Callable[..., Difference]:
    """`differ("sub_1", state="open")`: one more difference."""
    last = Round(key="test", scope=Scope.FULL, began_at=clock.now(), heard_at=clock.wall(), finished_at=clock.wall())
    db.session.add(last)
    commit()

    def one(stripe_id: str = "sub_1", **columns: Any) -> Difference:
        fields = {"status": ["active", "past_due"], "comment": []}
        known = {"object_type": "subscription", "kind": "differs", "fields": fields, "is_serious": True}
        difference = Difference(stripe_id=stripe_id, round_id=last.id, **known | columns)
        db.session.add(difference)
        commit()
        return difference

    return one


def kinds() -> list[str]:
    return list(db.session.scalars(db.select(Task.kind)))


def actions() -> list[str]:
    return list(db.session.scalars(db.select(Entry.action).order_by(Entry.id)))


def test_where_nothing_was_compared_yet_the_page_says_what_comes(sam: Browser):
    page = sam.get(LIST).text
    assert "Nothing was compared yet." in page
    assert "Nothing ever differed." in page
    assert "never" in page


def test_what_was_missed_stands_on_top(sam: Browser, differ: Callable[..., Difference]):
    differ()
    db.session.execute(db.update(Round).values(missed=3))
    commit()
    page = sam.get(LIST).text
    assert "3 events did not arrive" in page
    assert "1 of them serious" in page


@pytest.mark.parametrize("query", ["state=open", "severity=serious", "type=subscription", "about=sub_1"])
def test_differences_are_found_by_what_is_known_of_them(sam: Browser, differ: Callable[..., Difference], query: str):
    differ("sub_1")
    differ("in_2", object_type="invoice", state=State.REPAIRED, is_serious=False)
    page = sam.get(f"{LIST}?{query}").text
    assert ("sub_1" in page, "in_2" in page) == (True, False)
    assert "No difference matches" in sam.get(f"{LIST}?about=sub_9").text


def test_values_that_may_name_somebody_are_withheld(sam: Browser, differ: Callable[..., Difference]):
    page = sam.get(f"{LIST}/{differ().public_id}").text
    assert "past_due" in page
    assert "withheld" in page
    assert sam.get(f"{LIST}/dif_nobody").status_code == 404


def test_repair_is_asked_for_once_however_often_it_is_pressed(sam: Browser, differ: Callable[..., Difference]):
    found = differ()
    for _ in range(2):
        answer = press(sam, REPAIR, found.public_id, token="one-press-of-a-button-")
        assert "1 object is being fetched anew." in told(sam, answer)
    assert kinds() == ["repair_difference"]
    assert actions().count("difference.repair_asked") == 1
    assert "Repair asked for" in sam.get(f"{LIST}/{found.public_id}").text


def test_ignoring_asks_for_a_reason_first(sam: Browser, differ: Callable[..., Difference]):
    found = differ()
    asked = sam.post(IGNORE, data=form(found.public_id))
    assert (asked.status_code, "Ignore 1 difference?" in asked.text) == (200, True)
    assert sam.post(IGNORE, data=form(found.public_id, reason=" ")).status_code == 422
    assert "1 difference is ignored." in told(sam, press(sam, IGNORE, found.public_id, reason="of the old account"))
    db.session.refresh(found)
    assert (found.state, found.reason) == (State.IGNORED, "of the old account")
    assert "of the old account" in sam.get(f"{LIST}/{found.public_id}").text


def test_what_is_settled_is_left_alone(sam: Browser, differ: Callable[..., Difference]):
    found = differ(state=State.REPAIRED)
    assert "Nothing was left to do" in told(sam, press(sam, REPAIR, found.public_id))
    assert "Tick at least one row" in told(sam, press(sam, REPAIR))
    assert kinds() == []


def test_a_comparison_is_asked_for_once_however_often_it_is_pressed(sam: Browser):
    for _ in range(2):
        answer = press(sam, f"{LIST}/rounds", token="one-press-of-a-button-")
        assert "The comparison has begun." in told(sam, answer)
    assert kinds() == ["begin_reconciliation"]


def test_a_page_of_many_costs_no_more_statements(sam: Browser, differ: Callable[..., Difference]):
    differ()
    with counted() as one:
        sam.get(LIST)
    for number in range(20):
        differ(f"in_{number}", object_type="invoice")
    with counted() as many:
        sam.get(LIST)
    assert len(many) == len(one)
