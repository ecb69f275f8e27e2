"""Background work, recorded in the transaction that wants it.

The table is the queue; Redis only carries the bell. A rollback takes its tasks with it, a lost bell is found by the
sweep of the clock process, and the unique key (kind, key) says what must not happen twice.
"""

import threading
import time
from datetime import datetime
from enum import StrEnum
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import ColumnElement, Index, UniqueConstraint, event, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock
from .extensions import Model, db
from .failpoints import failpoint
from .logs import log
from .transactions import apart

QUEUES = ("webhooks", "mail", "documents", "default")
BELL_SECONDS = 5  # how long one bell stands for all that come after it, should its worker never answer
SILENCE_SECONDS = 5  # how long an unreachable Redis is left alone
REDIS_TIMEOUT_SECONDS = 0.25
RINGER_SECONDS = 0.05


class TaskState(StrEnum):
    PENDING = "pending"
    DONE = "done"
    PARKED = "parked"  # gave up after MAX_ATTEMPTS; a person decides
    DISCARDED = "discarded"  # a person decided, or nobody for too long


class Away(Exception):
    """What the work needs is not there, which is not the work's failure: no attempt is used up."""


class Hopeless(Exception):
    """No further attempt can help; parked at once."""


class Task(Model):
    """`run_at` is business time (when it is due); `retry_at` and the lease are machine time.

    `begun` counts how often an effect that cannot be taken back was begun without its end being known.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        Index("ix_tasks_due", "queue", "run_at", postgresql_where="state = 'pending'"),
        Index("ix_tasks_parked", "finished_at", postgresql_where="state = 'parked'"),
        Index("ix_tasks_few", "state", "id", postgresql_where="state IN ('pending', 'parked', 'discarded')"),
        Index("ix_tasks_run_at", "run_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    queue: Mapped[str]
    kind: Mapped[str]
    key: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default=TaskState.PENDING)
    run_at: Mapped[datetime]
    retry_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    begun: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    recorded_at: Mapped[datetime] = mapped_column(default=clock.wall)
    finished_at: Mapped[datetime | None]

    @classmethod
    def due(cls, queue: str) -> ColumnElement[bool]:
        return (
            (cls.queue == queue)
            & (cls.state == TaskState.PENDING)
            & (cls.run_at <= clock.now())
            & or_(cls.retry_at.is_(None), cls.retry_at <= clock.wall())
        )

    @property
    def is_being_done(self) -> bool:
        """By a worker, as far as its lease says."""
        return self.lease_until is not None and self.lease_until > clock.wall()

    @classmethod
    def can_be_retried(cls) -> ColumnElement[bool]:
        """Parked, or waiting for another attempt while nobody is at it."""
        wall = clock.wall()
        is_free = or_(cls.lease_until.is_(None), cls.lease_until < wall)
        waits = (cls.state == TaskState.PENDING) & (cls.retry_at > wall) & is_free
        return (cls.state == TaskState.PARKED) | waits


def record(
    kind: str, key: str, payload: dict[str, Any], *, queue: str = "default", run_at: datetime | None = None
) -> bool:
    """Record work in the caller's transaction; the same (kind, key) a second time changes nothing. Was it the first?

    `payload` is JSON, best only ids. `run_at` is business time (default: now). The bell rings after the commit.
    """
    values = {"kind": kind, "key": key, "payload": payload, "queue": queue, "run_at": run_at or clock.now()}
    new = insert(Task).values(**values).on_conflict_do_nothing().returning(Task.id)
    is_first = db.session.scalar(new) is not None
    if run_at is None:
        ring_after_commit(queue)
    return is_first


def record_anew(kind: str, key: str, payload: dict[str, Any]) -> None:
    """Record work that is to be done after now, however often it was done before; what waits already stands for it.

    Whoever is at it began too early: their claim is taken away, so what they found out is dropped.
    """
    values = {"kind": kind, "key": key, "payload": payload, "queue": "default", "run_at": clock.now()}
    fresh = {"state": TaskState.PENDING, "attempts": 0, "retry_at": None, "lease_owner": None, "lease_until": None}
    again = {**fresh, "payload": payload, "run_at": clock.now(), "last_error": None, "finished_at": None}
    done_or_begun = Task.lease_owner.is_not(None) | (Task.state != TaskState.PENDING)
    new = insert(Task).values(**values)
    db.session.execute(new.on_conflict_do_update(index_elements=["kind", "key"], set_=again, where=done_or_begun))
    ring_after_commit("default")


def is_known(kind: str, key: str) -> bool:
    """Whether this work was recorded, whatever came of it."""
    known = select(Task.id).where(Task.kind == kind, Task.key == key)
    return db.session.scalar(known) is not None


MOST_BEGUN = 2
"""The one repetition that may be a duplicate: a worker died between the effect and its own commit."""


def begin_effect(task: Task) -> None:
    """Say that something goes out next that cannot be taken back, whatever becomes of the caller's transaction.

    Raises Hopeless when that was said twice without an end: a third time would be one too often.
    """
    mine = (Task.id == task.id) & (Task.lease_owner == task.lease_owner) & (Task.begun < MOST_BEGUN)
    with apart() as session:
        begun = session.scalar(update(Task).where(mine).values(begun=Task.begun + 1).returning(Task.begun))
    if begun is None:
        raise Hopeless("begun twice, and nobody knows how it ended")


def effect_refused(task: Task) -> None:
    """It surely did not go out."""
    mine = (Task.id == task.id) & (Task.lease_owner == task.lease_owner)
    with apart() as session:
        session.execute(update(Task).where(mine).values(begun=Task.begun - 1))


def ring_after_commit(queue: str) -> None:
    db.session().info.setdefault("bells", set()).add(queue)


class Bell:
    """Rings RQ; never raises and never waits long, because nothing depends on it."""

    def __init__(self) -> None:
        self.redis: Redis | None = None
        self._silent_until = 0.0

    def connect(self, url: str) -> None:
        # One try: redis-py's own retries would hold a page for seconds.
        timeouts: dict[str, Any] = {
            "socket_timeout": REDIS_TIMEOUT_SECONDS,
            "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        }
        self.redis = Redis.from_url(url, **timeouts)

    def ring(self, queue: str) -> bool:
        """Wake a worker of `queue`; while a bell is unanswered the next ones are the same bell. Answers whether it rang."""
        if self.redis is None or time.monotonic() < self._silent_until:
            return False
        try:
            if self.redis.set(f"bell:{queue}", "1", nx=True, ex=BELL_SECONDS):
                rq = Queue(queue, connection=self.redis, serializer=JSONSerializer)
                rq.enqueue("worker.runner.drain", queue, result_ttl=0, failure_ttl=3600, job_timeout=600)
        except (RedisError, OSError) as error:
            self._silent_until = time.monotonic() + SILENCE_SECONDS
            log.warning("bell not heard", queue=queue, error=type(error).__name__)
            return False
        return True

    def is_there(self) -> bool:
        """Does Redis answer? It may still have no room for a bell."""
        try:
            return self.redis is not None and bool(self.redis.ping())
        except (RedisError, OSError):
            return False

    def answered(self, queue: str) -> None:
        """Called by the worker before it looks in the table: work recorded from now on rings anew."""
        if self.redis is not None:
            try:
                self.redis.delete(f"bell:{queue}")
            except (RedisError, OSError) as error:
                log.warning("bell not reset", queue=queue, error=type(error).__name__)


bell = Bell()


class Ringer:
    """Rings from a thread of its own, and again for who asks meanwhile: where Redis would be most of the work."""

    def __init__(self, queue: str) -> None:
        self._queue, self._wanted = queue, threading.Event()
        self._guard, self._thread = threading.Lock(), threading.Thread()

    def ring(self) -> None:
        self._wanted.set()
        if not self._thread.is_alive():  # not begun yet, or left behind by a fork
            with self._guard:
                if not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name=f"bell-{self._queue}", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while self._wanted.wait():
            self._wanted.clear()
            bell.ring(self._queue)
            time.sleep(RINGER_SECONDS)


@event.listens_for(Session, "after_commit")
def _ring(session: Session) -> None:
    queues = session.info.pop("bells", ())
    if queues:
        failpoint("after_commit_before_bell")
    for queue in queues:
        bell.ring(queue)


@event.listens_for(Session, "after_rollback")
def _hush(session: Session) -> None:
    session.info.pop("bells", None)
