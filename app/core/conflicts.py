"""Two transactions wanted the same rows in another order: PostgreSQL ends one of them, and that one begins again.

Beginning again is as safe as a second press of the button: the rows are as they were, calls to Stripe go out under the same
key, and what is written apart counts tries or names a lease.
"""

import random
import time
from collections.abc import Callable

from flask import Response, current_app, g
from flask.typing import ResponseReturnValue
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy.exc import OperationalError

from .extensions import db, limiter
from .logs import log
from .transactions import abandon

RETRIES = 3
PAUSE_SECONDS = 0.25


def is_conflict(error: Exception) -> bool:
    return isinstance(getattr(error, "orig", None), DeadlockDetected | SerializationFailure)


@limiter.request_filter
def _is_counted() -> bool:
    """One press is counted once by the rate limits, however often the page begins."""
    return "begins_again" in g


def settled(view: Callable[[], ResponseReturnValue]) -> Response:
    """The answer of a view whose writes have reached the database, so that only the commit is left. Raises what it raises."""
    for turn in range(1, RETRIES + 1):
        try:
            return _flushed(view)
        except OperationalError as error:
            if not is_conflict(error):
                raise
            abandon()
            g.begins_again = True
            log.warning("page begins again", turn=turn, error=type(error.orig).__name__)
            time.sleep(PAUSE_SECONDS * turn * random.random())  # noqa: S311 - jitter
    return _flushed(view)


def _flushed(view: Callable[[], ResponseReturnValue]) -> Response:
    response: Response = current_app.make_response(view())
    if response.status_code < 400:
        db.session.flush()
    return response
