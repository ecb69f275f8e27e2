"""Counting: each event once, whatever the order, the repetition and the company it comes in."""

from datetime import timedelta
from decimal import Decimal

import pytest

from app.core import clock
from app.usage.service import Counted
from tests.cast import Browser
from tests.usage.reporting import count, event, used


@pytest.fixture(autouse=True)
def catalogue(nexus) -> None:
    """Every test here has meters."""


def test_events_add_up(ada: Browser):
    assert count(ada, event("a", quantity=2), event("b", quantity=3)) == Counted(new=2, repeated=0)
    assert used(ada) == 5


def test_an_event_counts_once_however_often_it_is_sent(ada: Browser):
    count(ada, event("a"), event("b"))
    assert count(ada, event("b"), event("c"), event("c")) == Counted(new=1, repeated=2)
    assert used(ada) == 3


def test_the_same_id_counts_for_each_organization(ada: Browser, cleo: Browser):
    count(ada, event("a"))
    assert count(cleo, event("a")).new == 1
    assert (used(ada), used(cleo)) == (1, 1)


def test_a_level_is_that_of_the_event_that_happened_last(ada: Browser):
    now = clock.now()
    count(ada, event("a", "storage_gb", "0.7", now - timedelta(hours=1)))
    count(ada, event("b", "storage_gb", "0.5", now - timedelta(hours=2)))
    assert used(ada, "storage_gb") == Decimal("0.7")
    count(ada, event("c", "storage_gb", "0.1", now))
    assert used(ada, "storage_gb") == Decimal("0.1")
