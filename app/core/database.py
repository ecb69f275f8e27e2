"""How the portal reaches PostgreSQL: no wait is without an end, not even for a server that says nothing any more.

The server ends what takes too long; that needs a server that answers. On this side each answer has a time limit of its own,
after which the connection is given up, because libpq waits for ever on a line that is open and silent.
"""

from typing import Any

import psycopg
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from .extensions import db

CONNECT_SECONDS = 3
ANSWER_SECONDS = 6.0  # a little longer than the server's own limit for a statement
POOL_SECONDS = 1

# In milliseconds. The last is shorter than a lease: what a frozen process had locked is free when another takes its work.
SESSION = {
    "timezone": "UTC",
    "statement_timeout": 5_000,
    "lock_timeout": 4_000,
    "idle_in_transaction_session_timeout": 25_000,
}

UNAVAILABLE = (OperationalError, PoolTimeout)
"""The database is away, full, busy, or gave up waiting: it may be tried again later."""


class Connection(psycopg.Connection[Any]):
    """A connection that gives up waiting."""

    patience = ANSWER_SECONDS

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer, at most `patience` seconds. Raises psycopg.OperationalError, and is closed then."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()  # whatever still comes on this line, nobody knows what it answers
            raise


def options() -> dict[str, Any]:
    """The settings of the engine."""
    return {
        "pool_size": 5,
        "max_overflow": 5,
        "pool_timeout": POOL_SECONDS,
        "hide_parameters": True,  # an error that is logged must not tell names and addresses
        "connect_args": {
            "connect_timeout": CONNECT_SECONDS,
            "options": " ".join(f"-c {name}={value}" for name, value in SESSION.items()),
        },
    }


def _connect(_dialect: Any, _record: Any, arguments: list[Any], parameters: dict[str, Any]) -> Connection:
    return Connection.connect(*arguments, **parameters)


def init_app(app: Flask) -> None:
    with app.app_context():
        event.listen(db.engine, "do_connect", _connect)
