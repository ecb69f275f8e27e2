"""The one table of periodic work, and the sweep that finds what no bell announced.

A scan only records tasks or removes what has expired; it is safe to run twice and in two processes.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import ColumnElement, select

from app.admin import presses
from app.auth import service as auth
from app.core import clock, tasks
from app.core.database import UNAVAILABLE
from app.core.extensions import db
from app.core.logs import log
from app.core.tasks import QUEUES, Task
from app.core.transactions import abandon, commit
from app.dunning import adopting
from app.reconciliation import hearing, rounds
from app.upkeep import tasks as upkeep
from app.webhooks import keeping as inbox
from app.webhooks.models import InboxEvent

from . import gateway, runner, usage

SWEEP_SECONDS = 5.0


@dataclass
class Periodic:
    """`every` is machine time; the first run is at the start of the process."""

    work: Callable[[], object]
    every: timedelta
    next_at: float = field(default=0.0)


def sweep() -> None:
    """Ring for what is due; where no bell rings, because Redis is away or full, do it here."""
    for queue in QUEUES:
        if _has_due(queue) and not tasks.bell.ring(queue):
            runner.drain(queue)


def _has_due(queue: str) -> bool:
    due = db.session.scalar(select(Task.id).where(Task.due(queue), _unclaimed(Task)).limit(1))
    if queue == "webhooks" and due is None:
        due = db.session.scalar(select(InboxEvent.id).where(InboxEvent.due(), _unclaimed(InboxEvent)).limit(1))
    commit()
    return due is not None


def _unclaimed(model: type[Task] | type[InboxEvent]) -> ColumnElement[bool]:
    return model.lease_until.is_(None) | (model.lease_until < clock.wall())


SCHEDULE = [
    Periodic(sweep, timedelta(seconds=SWEEP_SECONDS)),
    Periodic(gateway.look_for_open_intents, timedelta(seconds=10)),
    Periodic(inbox.link, timedelta(seconds=15)),
    Periodic(inbox.reconsider, timedelta(minutes=5)),
    Periodic(inbox.forget_payloads, timedelta(minutes=5)),
    Periodic(inbox.watch, timedelta(hours=1)),
    Periodic(rounds.plan, timedelta(minutes=5)),
    Periodic(hearing.watch, timedelta(hours=1)),
    Periodic(usage.forget_old_events, timedelta(seconds=5)),
    Periodic(adopting.look, timedelta(hours=1)),
    Periodic(upkeep.watch, timedelta(hours=1)),
    Periodic(upkeep.forget_parked, timedelta(hours=1)),
    Periodic(auth.forget_expired_sessions, timedelta(hours=1)),
    Periodic(presses.forget_old, timedelta(hours=1)),
]


def tick() -> float:
    """Run what is due and answer how many seconds to sleep. One failing row does not stop the others."""
    clock.refresh()
    for periodic in SCHEDULE:
        if time.monotonic() < periodic.next_at:
            continue
        try:
            periodic.work()
            commit()
        except UNAVAILABLE as error:
            abandon()
            log.warning("periodic work waits for the database", error=type(getattr(error, "orig", error)).__name__)
        except Exception as error:
            abandon()
            log.exception(
                "periodic work failed", work=getattr(periodic.work, "__name__", ""), error=type(error).__name__
            )
        periodic.next_at = time.monotonic() + periodic.every.total_seconds()
    db.session.remove()
    return max(0.2, min(periodic.next_at for periodic in SCHEDULE) - time.monotonic())
