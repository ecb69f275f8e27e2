"""A database that is silent, full or busy is given up in time, and the page says what to do."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.core.extensions import db
from tests.cast import Browser


def test_an_answer_that_does_not_come_is_not_waited_for(app: Flask):
    with db.engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.connection.dbapi_connection.patience = 0.2  # type: ignore[union-attr]
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT pg_sleep(3)"))
        assert connection.invalidated


def test_the_next_one_asks_on_another_line(app: Flask):
    with db.engine.connect() as connection:
        connection.connection.dbapi_connection.patience = 0.0  # type: ignore[union-attr]
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT pg_sleep(0.2)"))
    assert db.session.scalar(text("SELECT 1")) == 1


@pytest.fixture
def nothing_left(ada: Browser) -> Iterator[None]:
    """Every connection of the pool is taken."""
    db.session.remove()
    pool = db.engine.pool
    with ExitStack() as held:
        for _ in range(pool.size() + 5):  # type: ignore[attr-defined]
            held.enter_context(db.engine.connect())
        yield


def test_a_page_without_a_connection_says_when_to_come_back(ada: Browser, nothing_left: None):
    answer = ada.get("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


def test_who_wanted_to_change_something_is_told_to_look_first(ada: Browser, nothing_left: None):
    answer = ada.post("/login", data={})
    assert answer.status_code == 503
    assert "look whether your change arrived" in answer.text
