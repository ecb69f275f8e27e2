"""Parked tasks: tried again, given up, or emptied when nobody came."""

from datetime import timedelta

import pytest
from flask import Flask

from app.audit.models import Entry
from app.core import clock, tasks
from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.core.transactions import commit
from app.upkeep import tasks as upkeep
from tests.helpers import Mailbox, work

MAIL = {
    "template": "verify_email",
    "to": ["ada@example.com"],
    "context": {"name": "Ada", "url": "https://x.test"},
}


def the_task() -> Task:
    db.session.expire_all()
    return db.session.scalars(db.select(Task)).one()


@pytest.fixture
def parked(app: Flask) -> Task:
    tasks.record("send_mail", "verify:ada", MAIL, queue="mail")
    values = {"state": TaskState.PARKED, "attempts": 10, "begun": 2, "finished_at": clock.wall()}
    db.session.execute(db.update(Task).values(**values))
    commit()
    return the_task()


def actions() -> list[str]:
    return list(db.session.scalars(db.select(Entry.action)))


def test_it_can_be_tried_again(parked: Task, mailbox: Mailbox):
    assert [upkeep.retry([parked.id]), upkeep.retry([parked.id])] == [1, 0]
    commit()
    work()
    assert the_task().state == TaskState.DONE
    assert len(mailbox.to("ada@example.com")) == 1
    assert actions() == ["task.retried"]


def test_it_can_be_given_up_and_says_nothing_any_more(parked: Task, mailbox: Mailbox):
    assert [upkeep.discard([parked.id], "wrong address"), upkeep.discard([parked.id], "again")] == [1, 0]
    commit()
    work()
    assert (the_task().state, the_task().payload) == (TaskState.DISCARDED, {})
    assert mailbox.to("ada@example.com") == []
    assert actions() == ["task.discarded"]


def test_what_is_not_parked_is_left_alone(app: Flask):
    tasks.record("send_mail", "verify:ada", MAIL, queue="mail")
    commit()
    assert [upkeep.retry([the_task().id]), upkeep.discard([the_task().id], "no")] == [0, 0]


def test_nobody_came_in_time(parked: Task):
    assert upkeep.forget_parked() == 0
    db.session.execute(db.update(Task).values(finished_at=clock.wall() - upkeep.KEPT - timedelta(days=1)))
    assert upkeep.forget_parked() == 1
    commit()
    assert (the_task().state, the_task().payload) == (TaskState.DISCARDED, {})


def test_somebody_is_told_as_long_as_a_task_is_parked(parked: Task, caplog: pytest.LogCaptureFixture):
    upkeep.watch()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert upkeep.standing().parked == 1


def test_somebody_is_told_when_work_is_late(app: Flask, caplog: pytest.LogCaptureFixture):
    tasks.record("send_mail", "verify:ada", MAIL, queue="mail")
    upkeep.watch()
    assert caplog.records == []
    long_ago = clock.wall() - timedelta(hours=1)
    db.session.execute(db.update(Task).values(recorded_at=long_ago, run_at=clock.now() - timedelta(hours=1)))
    upkeep.watch()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
