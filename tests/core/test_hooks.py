"""Functions that rooms above give to a room below."""

from app.core.hooks import Hooks


def first() -> int:
    return 1


def second() -> int:
    return 2


def test_they_are_asked_in_the_order_they_came():
    hooks = Hooks()
    hooks.add(first)
    hooks.add(second)
    assert [ask() for ask in hooks] == [1, 2]


def test_an_application_built_twice_asks_once():
    hooks = Hooks()
    hooks.add(first, second)
    hooks.add(first, second)
    assert len(hooks) == 2
