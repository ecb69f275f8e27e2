"""Redis only rings: whoever can write into it can wake a worker, and nothing more."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from flask import Flask, current_app
from redis.exceptions import ConnectionError as RedisConnectionError
from rq import Callback, Queue, SimpleWorker
from rq.job import Job, JobStatus
from rq.serializers import DefaultSerializer, JSONSerializer
from rq.webhook import Webhook

from app.core import tasks
from app.core.tasks import bell
from app.core.transactions import commit
from tests.helpers import Mailbox
from worker import bells, schedule
from worker.bells import BellJob, InProcess, listen

ran: list[str] = []


def hostile(*_: object) -> None:
    ran.append("hostile")


@pytest.fixture
def queue(app: Flask) -> Iterator[Queue]:
    ran.clear()
    yield Queue("default", connection=bell.redis, serializer=JSONSerializer)
    assert ran == []


def a_worker() -> bells.Hearing:
    """As `portal worker default` has it."""
    return bells.new(["default"], current_app.extensions["settings"].redis_url.get_secret_value())


def hear_out() -> None:
    """What it does with all that lies there."""
    a_worker().work(burst=True, logging_level="CRITICAL")


def work_off(queue: Queue, function: str, *args: str, **options: Any) -> Job:
    job = queue.enqueue(function, *args, **options)
    worker = SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer, job_class=BellJob)
    worker.work(burst=True, logging_level="CRITICAL")
    return job


def test_the_bell_is_answered(queue: Queue):
    assert work_off(queue, "worker.runner.drain", "default").get_status() == "finished"


def test_no_other_function_is_called(queue: Queue):
    assert work_off(queue, f"{__name__}.hostile").get_status() == "failed"


@pytest.mark.parametrize("function", ["worker.runner.drain", f"{__name__}.hostile"])
def test_a_job_brings_no_callbacks_of_its_own(queue: Queue, function: str):
    callback = Callback(f"{__name__}.hostile")
    work_off(queue, function, "default", on_success=callback, on_failure=callback, on_stopped=callback)


def test_a_worker_has_read_its_work_before_it_forks():
    known = "import sys, worker.__main__; sys.exit('worker.runner' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", known], check=False).returncode == 0


def test_a_bell_is_heard(queue: Queue):
    job = queue.enqueue("worker.runner.drain", "default")
    hear_out()
    assert job.get_status() == "finished"


@pytest.mark.parametrize("serializer", [JSONSerializer, DefaultSerializer])
def test_what_is_no_bell_is_refused_and_thrown_away(queue: Queue, serializer: Any, caplog: pytest.LogCaptureFixture):
    theirs = Queue("default", connection=bell.redis, serializer=serializer)
    job = theirs.enqueue(f"{__name__}.hostile")
    hear_out()
    assert "job refused" in caplog.text
    assert not Job.exists(job.id, connection=queue.connection)


def test_a_bell_that_would_call_an_address_is_refused(queue: Queue, caplog: pytest.LogCaptureFixture):
    webhook = Webhook("http://127.0.0.1:9/", JobStatus.FINISHED)
    queue.enqueue("worker.runner.drain", "default", webhooks=[webhook])
    hear_out()
    assert "job refused" in caplog.text


def test_a_worker_takes_no_orders_from_redis(queue: Queue):
    worker = a_worker()
    worker.subscribe()
    assert worker.pubsub_thread is None


class Leaving(InProcess):
    """A worker whose Redis goes away twice."""

    left: ClassVar[list[int]] = [1, 2]

    def work(self, **_: Any) -> bool:
        if self.left:
            self.left.pop()
            raise RedisConnectionError
        self.request_stop(signal.SIGTERM, None)
        return True


def test_a_worker_whose_redis_went_away_is_replaced(queue: Queue, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bells, "PAUSE_SECONDS", 0)
    listen(lambda: Leaving([queue], connection=queue.connection))
    assert Leaving.left == []


def test_a_worker_that_redis_was_not_there_for_is_made_again(queue: Queue, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bells, "PAUSE_SECONDS", 0)
    away = [RedisConnectionError(), RedisConnectionError()]

    def new() -> bells.Hearing:
        if away:
            raise away.pop()
        return Leaving([queue], connection=queue.connection)

    listen(new)
    assert away == []


@pytest.fixture
def full(queue: Queue) -> Iterator[None]:
    """A Redis that takes nothing more."""
    redis = queue.connection
    redis.config_set("maxmemory", "1")
    yield
    redis.config_set("maxmemory", "0")
    bell._silent_until = 0.0


def test_a_full_redis_keeps_nobody_from_recording_work(full: None):
    tasks.record("nobodys", "one", {})
    commit()
    assert tasks.is_known("nobodys", "one")


def test_what_no_bell_could_ring_for_is_done_by_the_clock(full: None, mailbox: Mailbox):
    context = {"name": "Ada", "url": "https://x.test"}
    mail = {"template": "verify_email", "to": ["ada@example.com"], "context": context}
    tasks.record("send_mail", "verify:ada", mail, queue="mail")
    commit()
    schedule.sweep()
    assert len(mailbox.to("ada@example.com")) == 1
