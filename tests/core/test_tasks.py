"""Work that is to be done after now: once for all who ask before it begins, again for who asks later."""

import pytest
from flask import Flask

from app.core import leases, tasks
from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.core.transactions import commit


def ask() -> None:
    tasks.record_anew("look_again", "one", {"of": 1})
    commit()


def only() -> Task:
    db.session.expire_all()
    return db.session.scalars(db.select(Task)).one()


def begin() -> None:
    leases.claim(Task, Task.due("default"), Task.run_at.asc(), "first")


def test_asking_often_before_it_begins_is_asking_once(app: Flask):
    ask()
    ask()
    assert (only().state, only().attempts) == (TaskState.PENDING, 0)


@pytest.mark.parametrize("state", [TaskState.DONE, TaskState.PARKED, TaskState.DISCARDED])
def test_what_was_done_or_given_up_is_done_again(app: Flask, state: TaskState):
    ask()
    db.session.execute(db.update(Task).values(state=state, attempts=10))
    commit()
    ask()
    assert (only().state, only().attempts) == (TaskState.PENDING, 0)


def test_whoever_began_before_it_was_asked_for_does_not_finish_it(app: Flask):
    ask()
    begin()
    ask()
    with pytest.raises(leases.LeaseLost):
        leases.finish(Task, only().id, "first", state=TaskState.DONE)
