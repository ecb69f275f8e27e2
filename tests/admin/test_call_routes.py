"""Calls to Stripe whose end nobody heard, as staff see them: found, and looked into again, never made again blindly."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.audit.models import Entry
from app.core import clock
from app.core.extensions import db
from app.core.tasks import Task
from app.gateway import customers, transport
from app.gateway.errors import GatewayUnavailable
from app.gateway.intents import GIVEN_UP, IntentState, StripeIntent
from tests.admin.pressing import at_once, press, told, walk
from tests.cast import Browser
from tests.gateway.faults import falter
from tests.helpers import Sandbox, work
from tests.statements import counted
from worker.gateway import look_for_open_intents

Call = Callable[..., str]
LIST = "/admin/calls"
LOOK = "/admin/calls/look"


def looks() -> list[Task]:
    db.session.expire_all()
    return list(db.session.scalars(db.select(Task).where(Task.kind == "resolve_intent")))


def asked() -> list[Entry]:
    return list(db.session.scalars(db.select(Entry).where(Entry.action == "intent.asked")))


def test_an_empty_list_is_good_news(sam: Browser):
    assert "Every call has a known end." in sam.get(LIST).text


def test_a_call_is_shown_without_what_it_said(sam: Browser, call: Call):
    call()
    page = sam.get(LIST).text
    assert "subscription-cancel:sub_1:t" in page
    assert "Ada" not in page


def test_what_is_settled_is_found_by_its_object_only(sam: Browser, call: Call):
    call("refund:1", subject="pi_1", state=IntentState.SUCCEEDED)
    assert "refund:1" not in sam.get(LIST).text
    assert "refund:1" in sam.get(f"{LIST}?about=pi_1").text


@pytest.mark.parametrize("query", ["state=lost", "about=%00", "before=%00", "after=nobody", "about=" + "x" * 999])
def test_a_filter_that_means_nothing_breaks_nothing(sam: Browser, call: Call, query: str):
    call()
    assert sam.get(f"{LIST}?{query}").status_code == 200


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_the_pages_of_a_list_show_each_row_once(sam: Browser, call: Call, monkeypatch, sort: str):
    monkeypatch.setattr("app.admin.lists.PER_PAGE", 2)
    names = [call(f"deed:{n}") for n in range(5)]
    forwards = walk(sam, f"{LIST}?sort={sort}", "next")
    assert sorted(name for page in forwards[0] for name in page) == sorted(names)
    assert walk(sam, forwards[1], "prev")[0][::-1] == forwards[0]


@pytest.mark.parametrize("rows", [1, 40])
def test_a_list_asks_little_however_long_it_is(sam: Browser, call: Call, rows: int):
    names = [call(f"deed:{n}") for n in range(rows)]
    with counted() as statements:
        assert sam.get(f"{LIST}?after={names[-1]}").status_code == 200
    assert len(statements) <= 6


def test_looking_again_is_asked_for_once_however_many_press(sam: Browser, person: Any, call: Call):
    key = call()
    sue = person("Sue", "Counterfoil", is_staff=True)
    at_once([lambda who=who: press(who, LOOK, key) for who in (sam, sue)])
    (look,) = looks()
    assert look.payload == {"intent": key, "tries": 2}
    (entry,) = asked()
    assert entry.subject == key


def test_it_is_the_same_look_as_that_of_the_schedule(sam: Browser, call: Call):
    key = call(retry_at=clock.wall())
    press(sam, LOOK, key)
    look_for_open_intents()
    assert len(looks()) == 1


def test_a_press_that_arrives_twice_answers_alike(sam: Browser, call: Call):
    key, token = call(), "t" * 22
    for _ in range(2):
        assert "1 call is looked into now." in told(sam, press(sam, LOOK, key, token=token))
    assert len(asked()) == 1


@pytest.mark.parametrize("state", [IntentState.SUCCEEDED, IntentState.UNRESOLVED, IntentState.STARTED])
def test_what_is_settled_or_under_way_is_left_alone(sam: Browser, call: Call, state: IntentState):
    key = call(state=state, retry_at=clock.wall() + GIVEN_UP)
    assert "Nothing was left to do" in told(sam, press(sam, LOOK, key))
    assert (looks(), asked()) == ([], [])


def test_an_unknown_call_is_none(sam: Browser):
    assert "Nothing was left to do" in told(sam, press(sam, LOOK, "deed:nobody"))
    assert press(sam, LOOK, "deed:\x00").status_code == 400


def test_the_end_is_found_out_and_nothing_done_twice(
    sam: Browser, app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(transport, "RETRIES", 0)
    falter(sandbox, {"call": "reset", "when": "after", "method": "POST"})
    with pytest.raises(GatewayUnavailable):
        customers.create("customer-create:org_1", "org_1")
    falter(sandbox)
    press(sam, LOOK, "customer-create:org_1")
    work()
    db.session.expire_all()
    assert db.session.scalars(db.select(StripeIntent.state)).all() == [IntentState.SUCCEEDED]
    assert len(sandbox.objects("customers")) == 1
