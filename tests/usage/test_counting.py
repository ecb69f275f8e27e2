"""Counting: each event once, whatever the order, the repetition and the company it comes in."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import text, update

from app.catalog.models import CatalogVersion, Meter
from app.core import clock
from app.core.extensions import db
from app.organizations.models import Organization
from app.usage import service
from app.usage.models import UsageEvent
from app.usage.refusals import EventsConflict, EventsRefused, NoEvents, TooManyEvents
from app.usage.service import Counted, NewEvent
from tests.cast import Browser
from tests.statements import counted
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


def test_the_same_quantity_written_otherwise_is_the_same_event(ada: Browser):
    count(ada, event("a", "bandwidth_gb", "1.50"))
    assert count(ada, event("a", "bandwidth_gb", "1.5")).repeated == 1


OTHERS = {
    "another meter": event("a", "workflow_runs"),
    "another quantity": event("a", quantity=2),
    "a time of its own": event("a", at=clock.wall()),
}


@pytest.mark.parametrize("what", OTHERS)
def test_an_id_stands_for_one_event(ada: Browser, what: str):
    count(ada, event("a"))
    with pytest.raises(EventsConflict) as refusal:
        service.count(ada.organization, [event("new"), OTHERS[what]])
    db.session.rollback()
    assert [problem.index for problem in refusal.value.problems] == [1]
    assert used(ada) == 1


def test_an_id_stands_for_one_event_in_a_batch_too(ada: Browser):
    with pytest.raises(EventsConflict) as refusal:
        service.count(ada.organization, [event("a"), event("b"), event("a", quantity=2)])
    assert [problem.index for problem in refusal.value.problems] == [2]


def test_all_that_is_wrong_with_a_batch_is_told_at_once(ada: Browser):
    batch = [event("a", "nothing"), event("b"), event("", quantity="-1"), event("c", quantity="0.5")]
    with pytest.raises(EventsRefused) as refusal:
        service.count(ada.organization, batch)
    found = [(problem.index, problem.code) for problem in refusal.value.problems]
    assert found == [
        (0, "unknown_meter"),
        (2, "invalid_id"),
        (2, "negative_quantity"),
        (3, "fractional_quantity"),
    ]


@pytest.mark.parametrize(("size", "error"), [(0, NoEvents), (1001, TooManyEvents)])
def test_a_batch_has_one_to_a_thousand_events(ada: Browser, size: int, error: type[Exception]):
    with pytest.raises(error):
        service.count(ada.organization, [event(f"e{number}") for number in range(size)])


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "1E+18", "1E+400", "1000000000000000", "-0.1"])
def test_a_quantity_out_of_bounds_is_refused(ada: Browser, quantity: str):
    with pytest.raises(EventsRefused):
        service.count(ada.organization, [event("a", "bandwidth_gb", quantity)])


def test_the_largest_quantities_add_up_to_the_last_digit(ada: Browser):
    largest = "999999999999999.999999999999"
    count(ada, *(event(f"e{number}", "bandwidth_gb", largest) for number in range(1000)))
    assert used(ada, "bandwidth_gb") == Decimal("999999999999999999.999999999000")


def test_whole_things_may_be_written_with_a_point(ada: Browser):
    count(ada, event("a", quantity="2.0"))
    assert used(ada) == 2


def test_a_level_is_that_of_the_event_that_happened_last(ada: Browser):
    now = clock.now()
    count(ada, event("a", "storage_gb", "0.7", now - timedelta(hours=1)))
    count(ada, event("b", "storage_gb", "0.5", now - timedelta(hours=2)))
    assert used(ada, "storage_gb") == Decimal("0.7")
    count(ada, event("c", "storage_gb", "0.1", now))
    assert used(ada, "storage_gb") == Decimal("0.1")


def test_of_levels_at_the_same_instant_one_counts_whatever_order_they_come_in(ada: Browser, cleo: Browser):
    now = clock.now()
    low, high = event("a", "storage_gb", "1", now), event("b", "storage_gb", "2", now)
    for one in (low, high):
        count(ada, one)
    count(cleo, high, low)
    assert used(ada, "storage_gb") == used(cleo, "storage_gb") == 2


def test_a_meter_of_the_highest_level_keeps_it(ada: Browser):
    db.session.execute(update(Meter).where(Meter.key == "storage_gb").values(aggregation="max"))
    db.session.execute(update(CatalogVersion).values(version="with a maximum"))
    db.session.commit()
    count(ada, event("a", "storage_gb", "0.7"), event("b", "storage_gb", "0.9"))
    count(ada, event("c", "storage_gb", "0.2"))
    assert used(ada, "storage_gb") == Decimal("0.9")


def test_many_who_send_the_same_count_it_once(ada: Browser, whole_app: Flask):
    batch = [event(f"e{number}", meter) for number in range(200) for meter in ["renders", "views"][number % 2 :][:1]]

    def send(seed: int) -> Counted:
        mine = random.Random(seed).sample(batch, k=len(batch))
        with whole_app.app_context():
            organization = db.session.get_one(Organization, ada.organization.id)
            found = service.count(organization, mine)
            db.session.commit()
            return found

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(12)))
    assert sum(answer.new for answer in answers) == 200
    assert (used(ada), used(ada, "views")) == (100, 100)


def test_nothing_is_kept_of_a_batch_that_is_rolled_back(ada: Browser):
    service.count(ada.organization, [event("a")])
    db.session.rollback()
    assert used(ada) == 0
    assert db.session.query(UsageEvent).count() == 0


def test_a_batch_costs_the_same_statements_whatever_its_size(ada: Browser):
    count(ada, event("first"))
    assert _statements(ada, 1) == _statements(ada, 1000) <= 3


def test_a_repetition_reads_no_more_events_than_it_brings(ada: Browser):
    for part in range(5):
        count(ada, *(event(f"{part}:{number}") for number in range(1000)))
    before = _events_read()
    assert service.count(ada.organization, [event(f"0:{number}") for number in range(100)]).repeated == 100
    assert _events_read() - before <= 200


def _events_read() -> int:
    """Rows of usage_events that this transaction has read."""
    read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'usage_events'"
    return int(db.session.execute(text(read)).scalar_one())


def _statements(browser: Browser, size: int) -> int:
    batch = [NewEvent(f"{size}:{number}", "views", Decimal(1)) for number in range(size)]
    with counted() as statements:
        service.count(browser.organization, batch)
    db.session.commit()
    return len(statements)
