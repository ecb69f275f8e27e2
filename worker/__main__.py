"""Run RQ workers: the application is imported once, before anything is forked or drained."""

import os
import sys
from collections.abc import Sequence
from typing import Any

from redis import Redis
from rq import SimpleWorker, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from app import create_app
from app.core.config import load
from app.core.tasks import QUEUES
from app.invoices import pdf
from worker import runner  # here, so that a forked worker has read all it runs

BACKGROUND = 10
"""How far documents stand back: hundreds of new invoices at once shall not slow down events and pages."""
ALLOWED = frozenset({f"{runner.__name__}.{runner.drain.__name__}"})


class BellJob(Job):
    """RQ's JSON serializer still runs any importable function, as the job or after it; ours runs the few that are meant."""

    success_callback = failure_callback = stopped_callback = None

    @property
    def func(self) -> Any:
        if self.func_name not in ALLOWED:
            raise PermissionError(f"{self.func_name} is not a job of this program")
        return super().func


def run(queues: Sequence[str] = QUEUES) -> None:
    """Work on `queues` until stopped. Raises ConfigurationError.

    PDFs are drawn in a forked process of their own; short trusted rows are drained in this one, without a fork per bell.
    """
    settings = load()
    app = create_app(settings)
    draws_only = tuple(queues) == ("documents",)
    if draws_only:
        os.nice(BACKGROUND)
    kind = Worker if draws_only else SimpleWorker
    with app.app_context():
        if "documents" in queues:
            pdf.prepare()
        worker = kind(
            list(queues),
            connection=Redis.from_url(settings.redis_url.get_secret_value()),
            serializer=JSONSerializer,
            job_class=BellJob,
            worker_ttl=30,
            maintenance_interval=10,
            job_monitoring_interval=2,
            log_job_description=False,
        )
        worker.work(logging_level="WARNING")


if __name__ == "__main__":
    run(sys.argv[1:] or QUEUES)
