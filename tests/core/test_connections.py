"""A pooled connection that the server has ended is noticed before it is used, and a good one costs no question."""

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from app.core.extensions import db


@pytest.fixture(autouse=True)
def one_connection(app: Flask) -> None:
    """Of all that earlier tests left in the pool, none."""
    db.session.remove()
    db.engine.dispose()


def ask() -> int:
    """One statement on a pooled connection; answers the server process that did it."""
    with db.engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_backend_pid()")))


def end(app: Flask, pid: int) -> None:
    """End the session as a restarting server does, and wait until it is over."""
    address = app.extensions["settings"].database_url.get_secret_value().replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_connection_is_used_again(app: Flask):
    assert ask() == ask()


def test_one_the_server_has_ended_is_replaced(app: Flask):
    ended = ask()
    end(app, ended)
    assert ask() != ended


def test_one_closed_at_this_end_is_replaced(app: Flask):
    with db.engine.connect() as pooled:
        connection = pooled.connection.dbapi_connection
        closed = pooled.scalar(text("SELECT pg_backend_pid()"))
    assert isinstance(connection, psycopg.Connection)
    connection.close()
    assert ask() != closed
