"""Run RQ workers: the application is imported once, before anything is forked or drained."""

import os
import sys
from collections.abc import Sequence
from functools import partial

from app import create_app
from app.core.config import load
from app.core.tasks import QUEUES
from app.invoices import pdf
from worker import bells  # here, so that a forked worker has read all it runs

BACKGROUND = 10
"""How far documents stand back: hundreds of new invoices at once shall not slow down events and pages."""


def run(queues: Sequence[str] = QUEUES) -> None:
    """Work on `queues` until stopped. Raises ConfigurationError."""
    settings = load()
    with create_app(settings).app_context():
        if tuple(queues) == ("documents",):
            os.nice(BACKGROUND)
        if "documents" in queues:
            pdf.prepare()
        bells.listen(partial(bells.new, queues, settings.redis_url.get_secret_value()))


if __name__ == "__main__":
    run(sys.argv[1:] or QUEUES)
