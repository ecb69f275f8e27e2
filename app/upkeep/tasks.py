"""Parked tasks: tried again, or given up, by a person; emptied when no person came."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update

from app.audit import service as audit
from app.core import clock
from app.core.extensions import db
from app.core.logs import log
from app.core.tasks import QUEUES, Task, TaskState, ring_after_commit

KEPT = timedelta(days=14)
"""How long a parked task waits for a person. It may hold a name and an address, and what it says grows old."""
NOBODY_CAME = "nobody decided in time"
LATE = timedelta(minutes=15)


@dataclass(frozen=True)
class Standing:
    """How many tasks are due, since when (machine time of their recording), and how many wait for a person."""

    due: int
    due_since: datetime | None
    parked: int


def standing() -> Standing:
    """The queues in figures."""
    is_due = (Task.state == TaskState.PENDING) & (Task.run_at <= clock.now())
    due, since = db.session.execute(select(func.count(), func.min(Task.recorded_at)).where(is_due)).one()
    parked = db.session.scalar(select(func.count()).where(Task.state == TaskState.PARKED))
    return Standing(due, since, parked or 0)


def queues() -> dict[str, Standing]:
    """The same of each queue, in their order. One statement."""
    now, waits = clock.now(), (TaskState.PENDING, TaskState.PARKED)
    is_due, is_parked = (Task.state == TaskState.PENDING) & (Task.run_at <= now), Task.state == TaskState.PARKED
    figures = (
        func.count().filter(is_due),
        func.min(Task.recorded_at).filter(is_due),
        func.count().filter(is_parked),
    )
    found = db.session.execute(select(Task.queue, *figures).where(Task.state.in_(waits)).group_by(Task.queue))
    known = {row[0]: Standing(*row[1:]) for row in found}
    return {queue: known.get(queue, Standing(0, None, 0)) for queue in QUEUES}


def watch() -> None:
    """One line that somebody should be woken by, as long as tasks wait for a person or for what they need."""
    is_due = (Task.state == TaskState.PENDING) & (Task.run_at <= clock.now() - LATE)
    late = db.session.scalar(select(func.count()).where(is_due, Task.recorded_at < clock.wall() - LATE))
    parked = standing().parked
    if parked or late:
        log.error("tasks wait", parked=parked, late=late)


def retry(task_ids: Collection[int]) -> int:
    """Send parked tasks round again, and those at once that wait after a failure; answers how many.

    One that may have been done twice already is done once more.
    """
    found = _locked(task_ids, Task.can_be_retried())
    for task in found:
        audit.write("task.retried", subject(task), data={"state": task.state})
        if task.state == TaskState.PARKED:
            task.state, task.attempts, task.begun = TaskState.PENDING, 0, 0
        task.retry_at = task.finished_at = None
        ring_after_commit(task.queue)
    db.session.flush()
    return len(found)


def discard(task_ids: Collection[int], reason: str) -> int:
    """Give parked tasks up and empty them; answers how many. `reason` names no person."""
    found = _locked(task_ids, Task.state == TaskState.PARKED)
    for task in found:
        audit.write("task.discarded", subject(task), data={"reason": reason})
        task.state, task.payload = TaskState.DISCARDED, {}
    db.session.flush()
    return len(found)


def forget_parked() -> int:
    """Give up what no person decided about in time; answers how many."""
    old = update(Task).where(Task.state == TaskState.PARKED, Task.finished_at < clock.wall() - KEPT)
    given_up = old.values(state=TaskState.DISCARDED, payload={}, last_error=NOBODY_CAME)
    found = db.session.scalars(given_up.returning(Task.id).execution_options(synchronize_session=False)).all()
    if found:
        log.error("parked tasks given up", tasks=list(found))
    return len(found)


def subject(task: Task) -> str:
    """What the audit and the logs call it."""
    return f"{task.kind}:{task.id}"


def _locked(task_ids: Collection[int], condition: ColumnElement[bool]) -> Sequence[Task]:
    chosen = select(Task).where(Task.id.in_(task_ids), condition)
    return db.session.scalars(chosen.order_by(Task.id).with_for_update()).all()
