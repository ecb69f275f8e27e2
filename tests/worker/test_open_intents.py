"""Calls to Stripe whose end nobody heard: looked into by the schedule, and what they made is absorbed."""

import pytest
from flask import Flask

from app.core import clock, tasks
from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.core.transactions import apart, commit
from app.gateway import breaker as breakers
from app.gateway import customers, transport
from app.gateway import subscription_changes as gateway
from app.gateway.breaker import breaker
from app.gateway.errors import GatewayUnavailable
from app.gateway.intents import IntentState, StripeIntent
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.gateway.faults import falter
from tests.helpers import Sandbox, work
from worker import gateway as open_intents
from worker import runner


@pytest.fixture
def lost(app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "RETRIES", 0)
    falter(sandbox, {"call": "reset", "when": "after", "method": "POST"})
    with pytest.raises(GatewayUnavailable):
        customers.create("customer-create:org_1", "org_1")
    come_due()


def come_due() -> None:
    with apart() as session:
        session.execute(db.update(StripeIntent).values(retry_at=clock.wall()))


def states() -> set[str]:
    db.session.expire_all()
    return set(db.session.scalars(db.select(StripeIntent.state)))


def test_the_schedule_finds_out(lost: None):
    for _ in range(2):
        open_intents.look_for_open_intents()
        commit()
    work()
    assert states() == {IntentState.SUCCEEDED}
    assert set(db.session.scalars(db.select(Task.kind))) == {"resolve_intent", "sync_object"}
    assert set(db.session.scalars(db.select(Task.state))) == {TaskState.DONE}


def test_nothing_is_recorded_for_what_is_not_due(lost: None):
    open_intents.look_for_open_intents()
    commit()
    work()
    open_intents.look_for_open_intents()
    assert db.session.scalar(db.select(db.func.count()).where(Task.kind == "resolve_intent")) == 1


def test_what_it_brought_about_is_absorbed_without_an_event(
    ada: Browser, subscribe: object, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    subscribe(ada, "growth")  # type: ignore[operator]
    work(sandbox)
    sandbox.hold_events()
    monkeypatch.setattr(transport, "RETRIES", 0)
    mine = db.session.scalars(db.select(Subscription)).one()
    db.session.commit()
    falter(sandbox, {"call": "reset", "when": "after", "method": "POST"})
    with pytest.raises(GatewayUnavailable):
        gateway.cancel_at_period_end("cancel:1", mine.stripe_id, feedback="unused", comment="")
    come_due()
    open_intents.look_for_open_intents()
    commit()
    work()
    db.session.expire_all()
    assert db.session.scalars(db.select(Subscription)).one().cancel_at is not None


def test_a_task_waits_for_stripe_without_using_an_attempt(app: Flask, monkeypatch: pytest.MonkeyPatch):
    def nobody_there(task: Task) -> None:
        for _ in range(breakers.THRESHOLD):
            breaker.note(answered=False)
        raise GatewayUnavailable(unknown=True)

    monkeypatch.setitem(runner.HANDLERS, "ask", nobody_there)
    tasks.record("ask", "1", {})
    commit()
    runner.drain("default")
    task = db.session.scalars(db.select(Task)).one()
    assert (task.state, task.attempts) == (TaskState.PENDING, 0)
    assert task.retry_at > clock.wall()
