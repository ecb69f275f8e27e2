"""Tasks: done once, tried again, parked; a bell is only a bell."""

from datetime import timedelta

import pytest
from flask import Flask

from app.core import clock, tasks
from app.core.extensions import db
from app.core.tasks import Task, TaskState, bell
from app.core.transactions import apart, commit
from tests.helpers import Mailbox, Sandbox, work
from worker import runner, schedule

MAIL = {
    "template": "invitation",
    "to": ["ada@example.com"],
    "context": {
        "organization": "Analytical Engines",
        "inviter": "Bob",
        "role": "Billing: plans, payments, invoices",
        "email": "ada@example.com",
        "url": "http://127.0.0.1/x",
        "expires": "1 Dec 2026",
    },
}


def the_task() -> Task:
    db.session.expire_all()
    return db.session.scalars(db.select(Task)).one()


@pytest.fixture
def broken(app: Flask) -> Task:
    """A task whose subscription does not exist."""
    tasks.record("refresh_next_charge", "nobody:1", {"subscription": 0, "version": 1})
    commit()
    return the_task()


def test_a_recorded_mail_is_sent_once(app: Flask, mailbox: Mailbox):
    for _ in range(2):
        tasks.record("send_mail", "invitation:1", MAIL, queue="mail")
        commit()
        work()
    assert len(mailbox.to("ada@example.com")) == 1
    assert the_task().state == TaskState.DONE


def test_what_was_said_is_not_kept_in_the_queue(app: Flask):
    tasks.record("send_mail", "invitation:1", MAIL, queue="mail")
    commit()
    work()
    assert "Analytical" not in str(the_task().payload)


def test_a_failing_task_is_tried_again_later(broken: Task):
    work()
    task = the_task()
    assert (task.state, task.attempts) == (TaskState.PENDING, 1)
    assert task.retry_at > clock.wall()
    assert "NoResultFound" in task.last_error


def test_after_ten_attempts_it_is_parked(broken: Task):
    db.session.execute(db.update(Task).values(attempts=9))
    commit()
    work()
    assert the_task().state == TaskState.PARKED


def test_a_kind_this_version_does_not_know_is_left_to_a_newer_one(app: Flask):
    tasks.record("from_the_future", "1", {})
    commit()
    work()
    task = the_task()
    assert (task.state, task.attempts) == (TaskState.PENDING, 0)


def test_a_task_for_later_waits_for_business_time(app: Flask, sandbox: Sandbox):
    tasks.record(
        "refresh_next_charge", "later", {"subscription": 0, "version": 1}, run_at=clock.now() + timedelta(days=3)
    )
    commit()
    work()
    assert the_task().attempts == 0
    sandbox.turn_clock("4 days")
    work()
    assert the_task().attempts == 1


def test_the_sweep_rings_for_what_no_bell_announced(broken: Task):
    bell.redis.flushdb()
    schedule.sweep()
    assert bell.redis.llen("rq:queue:default") == 1


def test_without_redis_the_sweep_does_the_work_itself(broken: Task, app: Flask):
    url = app.extensions["settings"].redis_url.get_secret_value()
    bell.connect("redis://127.0.0.1:9/0")
    try:
        with app.app_context():
            schedule.sweep()
    finally:
        bell.connect(url)
    assert the_task().attempts == 1


def test_a_long_list_rings_again_instead_of_keeping_other_queues_waiting(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(runner.HANDLERS, "count", lambda task: None)
    monkeypatch.setattr(runner, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(bell, "_silent_until", 0.0)  # whatever an earlier test left unreachable
    for number in range(runner.BATCH + 1):
        tasks.record("count", str(number), {})
    commit()
    bell.redis.flushdb()
    assert runner.drain("default") == runner.BATCH
    assert bell.redis.llen("rq:queue:default") == 1
    assert runner.drain("default") == 1


def test_a_queue_with_nothing_due_is_empty(app: Flask):
    assert runner.drain("default") == 0


def test_a_task_taken_over_in_the_middle_leaves_the_others_their_turn(app: Flask, monkeypatch: pytest.MonkeyPatch):
    def freeze_and_fail(task: Task) -> None:
        with apart() as session:
            session.execute(db.update(Task).where(Task.id == task.id).values(lease_owner="another"))
        raise ValueError("thawed too late")

    monkeypatch.setitem(runner.HANDLERS, "freeze", freeze_and_fail)
    monkeypatch.setitem(runner.HANDLERS, "nothing", lambda task: None)
    tasks.record("freeze", "1", {})
    tasks.record("nothing", "1", {})
    commit()
    runner.drain("default")
    owners = {task.kind: (task.state, task.lease_owner) for task in db.session.scalars(db.select(Task))}
    assert owners == {"freeze": (TaskState.PENDING, "another"), "nothing": (TaskState.DONE, None)}


def test_a_task_taken_over_before_its_turn_is_not_begun(app: Flask, monkeypatch: pytest.MonkeyPatch):
    begun: list[str] = []

    def slow(task: Task) -> None:
        begun.append(task.key)
        with apart() as session:
            session.execute(db.update(Task).where(Task.id != task.id).values(lease_owner="another"))

    monkeypatch.setitem(runner.HANDLERS, "slow", slow)
    for key in ("1", "2"):
        tasks.record("slow", key, {})
    commit()
    runner.drain("default")
    assert len(begun) == 1
