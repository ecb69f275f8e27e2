"""Whoever dies, another takes over; whoever was replaced, changes nothing."""

from datetime import timedelta

import pytest
from flask import Flask

from app.core import clock, leases, tasks
from app.core.extensions import db
from app.core.leases import NamedLease
from app.core.tasks import Task, TaskState
from app.core.transactions import abandon, commit


@pytest.fixture
def task(app: Flask) -> Task:
    tasks.record("send_mail", "one", {})
    commit()
    return db.session.scalars(db.select(Task)).one()


def claim(owner: str) -> list[Task]:
    return leases.claim(Task, Task.due("default"), Task.run_at.asc(), owner)


def expire(task: Task) -> None:
    db.session.execute(db.update(Task).values(lease_until=clock.wall() - timedelta(seconds=1)))
    commit()


def test_a_claimed_row_is_nobody_elses(task: Task):
    assert [row.id for row in claim("first")] == [task.id]
    assert claim("second") == []


def test_a_dead_owners_row_is_claimed_again_after_its_lease(task: Task):
    claim("dead")
    expire(task)
    (again,) = claim("alive")
    assert again.attempts == 2


def test_a_replaced_owner_cannot_finish(task: Task):
    claim("frozen")
    expire(task)
    claim("alive")
    with pytest.raises(leases.LeaseLost):
        leases.finish(Task, task.id, "frozen", state=TaskState.DONE)
    abandon()
    with pytest.raises(leases.LeaseLost):
        leases.renew(Task, [task.id], "frozen")


def test_a_named_lease_is_held_by_one(app: Flask):
    with leases.hold("object:sub_1"), pytest.raises(leases.Busy), leases.hold("object:sub_1", patience=0):
        pass


def test_a_named_lease_is_free_again_afterwards(app: Flask):
    for _ in range(2):
        with leases.hold("object:sub_1", patience=0):
            pass
    assert db.session.scalars(db.select(NamedLease)).all() == []


def test_an_expired_named_lease_is_noticed_before_the_commit(app: Flask):
    with leases.hold("object:sub_1", seconds=0.0) as owner, pytest.raises(leases.LeaseLost):
        leases.assert_held("object:sub_1", owner)
    abandon()


def test_waiting_for_a_named_lease_keeps_no_transaction_open(app: Flask):
    db.session.scalars(db.select(NamedLease)).all()
    with leases.hold("object:sub_1"):
        assert not db.session().in_transaction()


def test_a_lease_is_taken_before_anything_is_written(task: Task):
    task.payload = {"half": "done"}
    with pytest.raises(RuntimeError, match="write them after"), leases.hold("object:sub_1"):
        pass
    abandon()


def test_what_a_frozen_process_has_locked_is_free_before_its_lease_ends(app: Flask):
    idle = "SELECT reset_val::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'"
    milliseconds = db.session.scalar(db.text(idle))
    assert 0 < milliseconds < leases.LEASE.total_seconds() * 1000
