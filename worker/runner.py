"""Drain a queue: claim due rows, do them, say so. The bell only says "look"; what is due stands in the table."""

import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from app.core import clock, leases, tasks
from app.core.extensions import db
from app.core.failpoints import failpoint
from app.core.logs import log
from app.core.tasks import Task, TaskState
from app.core.transactions import abandon, commit
from app.gateway.breaker import breaker
from app.gateway.errors import GatewayUnavailable
from app.webhooks import service as inbox

from . import (
    auth,
    dunning,
    gateway,
    invoices,
    notifications,
    payment_methods,
    reconciliation,
    subscriptions,
    usage,
    webhooks,
)

BATCH = 20
TURN_SECONDS = 10.0
AWAY = timedelta(seconds=15)
NEWER_CODE = timedelta(seconds=30)

Handler = Callable[[Task], None]
HANDLERS: dict[str, Handler] = {
    **gateway.HANDLERS,
    **auth.HANDLERS,
    **notifications.HANDLERS,
    **invoices.HANDLERS,
    **payment_methods.HANDLERS,
    **dunning.HANDLERS,
    **reconciliation.HANDLERS,
    **subscriptions.HANDLERS,
    **usage.HANDLERS,
    **webhooks.HANDLERS,
}


def drain(queue: str) -> int:
    """Do what is due in `queue`, for a turn, and answer how many rows were claimed. Runs inside an application context.

    What is left then rings again, so that a long list of one queue does not keep the others waiting.
    """
    tasks.bell.answered(queue)
    done, ends = 0, time.monotonic() + TURN_SECONDS
    while claimed := _batch(queue):
        done += claimed
        if time.monotonic() > ends:
            tasks.bell.ring(queue)
            break
    return done


def _batch(queue: str) -> int:
    clock.refresh()
    try:
        claimed = inbox.handle_batch(BATCH) if queue == "webhooks" else 0
        owner = leases.new_owner()
        for task in (due := leases.claim(Task, Task.due(queue), Task.run_at.asc(), owner, BATCH)):
            with structlog.contextvars.bound_contextvars(task=f"{task.kind}:{task.id}"):
                _do(task, owner)
    finally:
        db.session.remove()
    return claimed + len(due)


def _do(task: Task, owner: str) -> None:
    try:
        leases.renew(Task, [task.id], owner)
        failpoint("task_claimed")
        _try(task, owner)
    except leases.LeaseLost:
        abandon()
        log.warning("lease lost, leaving the task to its new owner", kind=task.kind)


def _try(task: Task, owner: str) -> None:
    """One task, its effect and its outcome in one transaction. Raises LeaseLost, also when there is only a failure to note."""
    handler = HANDLERS.get(task.kind)
    if handler is None:
        _leave(task, owner, NEWER_CODE)
        return
    try:
        handler(task)
        outcome = {"state": TaskState.DONE, "finished_at": clock.wall(), "payload": task.payload, "last_error": None}
        leases.finish(Task, task.id, owner, **outcome)
        failpoint("task_before_commit")
        commit()
    except leases.LeaseLost:
        raise
    except Exception as error:  # whatever the deed met: the task is kept and tried again
        abandon()
        if _is_away(error):
            log.warning("task waits", kind=task.kind, error=leases.reason(error))
            _leave(task, owner, AWAY)
        else:
            log.exception("task not done", kind=task.kind, error=type(error).__name__)
            _try_later(task, owner, error)


def _is_away(error: Exception) -> bool:
    """Nobody is where the work had to be done, so it waits without using an attempt."""
    return isinstance(error, tasks.Away) or (isinstance(error, GatewayUnavailable) and breaker.is_open)


def _leave(task: Task, owner: str, wait: timedelta) -> None:
    """As it was found, for later: by and by somebody is there again, or a newer version that knows its kind."""
    leases.finish(Task, task.id, owner, retry_at=clock.wall() + wait, attempts=task.attempts - 1)
    commit()


def _try_later(task: Task, owner: str, error: Exception) -> None:
    wall = clock.wall()
    values: dict[str, object] = {"retry_at": wall + leases.back_off(task.attempts), "last_error": leases.reason(error)}
    if isinstance(error, tasks.Hopeless) or task.attempts >= leases.MAX_ATTEMPTS:
        log.error("task parked", kind=task.kind, task=task.id)
        values |= {"state": TaskState.PARKED, "finished_at": wall}
    leases.finish(Task, task.id, owner, **values)
    commit()
