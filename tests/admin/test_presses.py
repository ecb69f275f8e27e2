"""A press of a button counts once, and is forgotten when its form is too old to come again."""

from datetime import timedelta

import pytest
from flask import Flask

from app.admin import presses
from app.admin.models import Press
from app.core import clock
from app.core.extensions import db
from app.core.transactions import abandon, commit


def test_the_first_answer_is_everybodys_answer(app: Flask):
    assert [presses.once("t", "add", [1, 2], len), presses.once("t", "add", [2, 1], sum)] == [2, 2]


@pytest.mark.parametrize("press", [("u", "add", [1]), ("t", "take", [1]), ("t", "add", [2])])
def test_another_form_deed_or_row_is_another_press(app: Flask, press: tuple[str, str, list[int]]):
    presses.once("t", "add", [1], len)
    assert presses.once(*press, lambda names: 7) == 7


def test_a_deed_that_failed_may_be_pressed_again(app: Flask):
    with pytest.raises(ZeroDivisionError):
        presses.once("t", "add", [1], lambda names: 1 // 0)
    abandon()
    assert presses.once("t", "add", [1], len) == 1


def test_old_presses_are_forgotten(app: Flask):
    presses.once("t", "add", [1], len)
    presses.forget_old()
    assert len(db.session.scalars(db.select(Press)).all()) == 1
    db.session.execute(db.update(Press).values(pressed_at=clock.wall() - presses.KEPT - timedelta(days=1)))
    presses.forget_old()
    commit()
    assert db.session.scalars(db.select(Press)).all() == []
