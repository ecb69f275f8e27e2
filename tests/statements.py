"""Counting what a page asks of the database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from app.core.extensions import db

NOT_COUNTED = ("SAVEPOINT", "RELEASE", "ROLLBACK", "UPDATE user_sessions SET last_seen_at")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements of the block, but for transactions and the note that a session was seen.

    Of this thread alone: events of the sandbox may arrive at the portal's server at the same moment.
    """
    statements: list[str] = []
    here = threading.get_ident()

    def note(_connection, _cursor, statement: str, *_: object) -> None:
        if threading.get_ident() == here and not statement.startswith(NOT_COUNTED):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
