"""Is a pooled connection still alive? Its socket knows, without a question to the server.

A server that restarts or ends a session says so on the connection; one that says nothing is taken to be there. SQLAlchemy's
own check (`pool_pre_ping`) asks each time, which costs as much as the one statement of an event that Stripe delivers.
"""

import select
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError

from .extensions import db


def _look(connection: "psycopg.Connection[Any]", _record: object, _proxy: object) -> None:
    if connection.closed or (_has_word(connection) and not _answers(connection)):
        raise InvalidatePoolError()  # all others were made before, so the pool gives a new one


def _has_word(connection: "psycopg.Connection[Any]") -> bool:
    """Nobody asked, so what there is to read is bad news, or a change of the server's settings."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _answers(connection: "psycopg.Connection[Any]") -> bool:
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error:
        return False
    return True


def init_app(app: Flask) -> None:
    with app.app_context():
        event.listen(db.engine, "checkout", _look)
