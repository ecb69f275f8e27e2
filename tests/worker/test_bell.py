"""Redis only rings: whoever can write into it can wake a worker, and nothing more."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from rq import Callback, Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from app.core.tasks import bell
from worker.__main__ import BellJob

ran: list[str] = []


def hostile(*_: object) -> None:
    ran.append("hostile")


@pytest.fixture
def queue(app: Flask) -> Iterator[Queue]:
    ran.clear()
    yield Queue("default", connection=bell.redis, serializer=JSONSerializer)
    assert ran == []


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
