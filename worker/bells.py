"""Hear the bells that Redis passes on. Redis is asked for nothing else, and may come and go.

Whoever can write into Redis can wake a worker, and nothing more: a job that is not a bell is refused, and orders that RQ
would take from a channel of Redis are not listened to.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker, Worker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker
from rq.worker.base import DequeueStrategy

from app.core.database import UNAVAILABLE
from app.core.logs import log

from . import runner

ALLOWED = frozenset({f"{runner.__name__}.{runner.drain.__name__}"})
AWAY = (RedisError, OSError)
CONNECT_SECONDS = 3
PAUSE_SECONDS = 3.0


class BellJob(Job):
    """RQ's JSON serializer still runs any importable function, as the job or after it; ours runs the few that are meant."""

    success_callback = failure_callback = stopped_callback = None

    @property
    def func(self) -> Any:
        if self.func_name not in ALLOWED:
            raise PermissionError(f"{self.func_name} is not a job of this program")
        return super().func

    @property
    def is_bell(self) -> bool:
        """Also False for what cannot be read, such as a pickle; nothing of it is run to find out."""
        try:
            return self.func_name in ALLOWED and self.instance is None and not self.webhooks
        except Exception:
            return False


class Hearing(BaseWorker):
    """What both kinds of worker have in common."""

    max_connection_wait_time = 5.0  # RQ's own minute would be a minute of silence after Redis is back
    is_asked_to_stop = False

    def subscribe(self) -> None:
        """Take no orders from Redis: a worker is stopped by a signal."""

    def request_stop(self, *signal: Any) -> None:
        self.is_asked_to_stop = True
        try:
            super().request_stop(*signal)  # type: ignore[no-untyped-call]  # RQ ships half of its types
        except AWAY:
            log.warning("worker stops while Redis is away")

    def execute_job(self, job: Job, queue: Queue) -> None:
        if isinstance(job, BellJob) and job.is_bell:
            super().execute_job(job, queue)
            return
        log.error("job refused", queue=queue.name, job=job.id)
        job.delete(remove_from_queue=False)

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Say what became of a bell; the rows stand in their tables, and the clock process rings for them again."""
        kind, error, _trace = exc_info
        if issubclass(kind, UNAVAILABLE):
            log.warning("queue waits for the database", error=type(getattr(error, "orig", None) or error).__name__)
        else:
            log.error("queue not drained", error=kind.__name__, exc_info=exc_info)


class InProcess(Hearing, SimpleWorker):
    """Short trusted rows are drained in this process, without a fork per bell."""


class Forking(Hearing, Worker):
    """Each bell is answered in a forked process: drawing a PDF may go wrong in ways that take the process along."""


def new(queues: Sequence[str], redis_url: str) -> Hearing:
    """A worker for these queues; PDFs are drawn in a forked process, if they are all it does."""
    kind = Forking if tuple(queues) == ("documents",) else InProcess
    return kind(
        list(queues),
        connection=Redis.from_url(redis_url, socket_connect_timeout=CONNECT_SECONDS),
        serializer=JSONSerializer,
        job_class=BellJob,
        worker_ttl=30,
        maintenance_interval=10,
        job_monitoring_interval=2,
        log_job_description=False,
    )


def listen(new_worker: Callable[[], Hearing]) -> None:
    """Work until stopped; a worker whose Redis went away is replaced."""
    worker: Hearing | None = None
    try:
        while worker is None or not worker.is_asked_to_stop:
            try:
                worker = new_worker()
                # RQ's tracebacks are about Redis; ours is `handle_exception`. Queues take turns, however full one is.
                worker.work(logging_level="CRITICAL", dequeue_strategy=DequeueStrategy.ROUND_ROBIN)
            except AWAY as error:
                log.warning("bell not heard", error=type(error).__name__)
            if worker is None or not worker.is_asked_to_stop:
                time.sleep(PAUSE_SECONDS)
    except StopRequested:
        return
