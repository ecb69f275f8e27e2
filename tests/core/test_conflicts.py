"""A page that another transaction got in the way of begins again, and nobody sees it."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text, update
from sqlalchemy.exc import OperationalError

from app.core import conflicts
from app.core.extensions import db
from app.core.transactions import abandon, apart
from app.organizations.models import Organization


def name(which: int, new: str) -> None:
    db.session.execute(update(Organization).where(Organization.id == which).values(name=new))


class Crossing:
    """A view that changes two rows, and somebody who changes them the other way round at the same time."""

    def __init__(self, app: Flask, times: int) -> None:
        self.app, self.left, self.turns = app, times, 0

    def view(self) -> str:
        self.turns += 1
        db.session.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
        name(1, "ours")
        if self.left:
            self.left -= 1
            self._cross()
        name(2, "ours")
        return "done"

    def _cross(self) -> None:
        has_second = threading.Event()
        self.thread = threading.Thread(target=self._other_way, args=[has_second.set])
        self.thread.start()
        has_second.wait()

    def _other_way(self, has_second: Callable[[], None]) -> None:
        with self.app.app_context():
            db.session.execute(text("SET LOCAL deadlock_timeout = '60s'"))
            name(2, "theirs")
            has_second()
            name(1, "theirs")
            db.session.commit()


@pytest.fixture
def two(app: Flask) -> None:
    with apart() as session:
        session.add_all([Organization(id=1, name="One"), Organization(id=2, name="Two")])


def names() -> list[str]:
    with apart() as session:
        return list(session.scalars(db.select(Organization.name).order_by(Organization.id)))


def play(app: Flask, crossing: Crossing) -> None:
    with app.test_request_context(base_url=app.extensions["settings"].public_url):
        app.preprocess_request()
        app.process_response(conflicts.settled(crossing.view))
    crossing.thread.join()


def test_a_deadlock_is_met_by_beginning_again(app: Flask, two: None):
    crossing = Crossing(app, times=1)
    play(app, crossing)
    assert (crossing.turns, names()) == (2, ["ours", "ours"])


def test_whoever_is_always_in_the_way_is_given_up_on(app: Flask, two: None):
    crossing = Crossing(app, times=9)
    with pytest.raises(OperationalError):
        play(app, crossing)
    abandon()
    crossing.thread.join()
    assert crossing.turns == 1 + conflicts.RETRIES
