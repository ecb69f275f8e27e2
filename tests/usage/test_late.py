"""Events that arrive late count into the window they happened in."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from app.catalog.models import CatalogVersion, Meter
from app.core import clock
from app.core.extensions import db
from app.usage import service
from app.usage.models import Total
from app.usage.refusals import EventsRefused
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.subscriptions.leaving import cancel
from tests.usage.reporting import count, event, used


@pytest.fixture(autouse=True)
def catalogue(nexus) -> None:
    """Every test here has meters."""


def turn(sandbox: Sandbox, by: str) -> None:
    sandbox.turn_clock(by)
    clock.refresh()
    work(sandbox)


def totals(meter: str = "renders") -> list[tuple[datetime, datetime | None, Decimal]]:
    found = db.session.scalars(db.select(Total).filter_by(meter_key=meter).order_by(Total.begins_at)).all()
    return [(total.begins_at, total.ends_at, total.used) for total in found]


def test_a_late_event_counts_into_its_own_window(ada: Browser, sandbox: Sandbox):
    happened = clock.now()
    count(ada, event("a", quantity=2))
    turn(sandbox, "32 days")
    count(ada, event("b", quantity=3, at=happened), event("c", quantity=10))
    assert [amount for _, _, amount in totals()] == [5, 10]
    assert used(ada) == 10


def test_a_late_event_is_the_first_of_its_window(ada: Browser, sandbox: Sandbox):
    happened = clock.now()
    turn(sandbox, "32 days")
    count(ada, event("a", at=happened))
    (begins, ends, _), *others = totals()
    assert begins <= happened < ends
    assert not others


def test_an_event_is_refused_35_days_after_it_happened(ada: Browser, sandbox: Sandbox):
    happened = clock.now()
    turn(sandbox, "36 days")
    with pytest.raises(EventsRefused) as refusal:
        service.count(ada.organization, [event("a", at=happened)])
    assert [problem.code for problem in refusal.value.problems] == ["window_closed"]


def test_a_level_whose_window_never_ends_takes_events_of_any_age(ada: Browser):
    count(ada, event("a", "storage_gb", 1, clock.now() - timedelta(days=500)))
    assert used(ada, "storage_gb") == 1


def test_a_purchase_begins_a_new_window_and_ends_the_free_one(ada: Browser, sandbox: Sandbox, subscribe):
    free = clock.now()
    count(ada, event("a", quantity=20, at=free))
    turn(sandbox, "3 days")
    subscribe(ada, "growth")
    assert used(ada) == 0
    count(ada, event("b", quantity=7), event("c", quantity=1, at=free))
    (_, ends, before), (begins, _, after) = totals()
    assert (before, after) == (21, 7)
    assert ends == begins


def test_late_use_between_two_subscriptions_overlaps_neither(ada: Browser, sandbox: Sandbox, subscribe):
    turn(sandbox, "3 days")
    subscribe(ada, "growth")
    count(ada, event("a"))
    cancel(ada)
    turn(sandbox, "1 month")
    turn(sandbox, "1 day")
    between = clock.now()
    turn(sandbox, "1 day")
    subscribe(ada, "growth")
    count(ada, event("b", at=between))
    (_, ended, first), (begun, _, second) = totals()
    assert (first, second) == (1, 1)
    assert ended <= begun


def test_of_two_levels_at_one_instant_the_id_that_sorts_last_by_code_point_counts(ada: Browser):
    instant = clock.now()
    count(ada, event("a", "storage_gb", 1, instant))
    count(ada, event("B", "storage_gb", 2, instant))
    assert used(ada, "storage_gb") == 1


def test_a_month_of_the_calendar_goes_on_when_the_time_zone_changes(ada: Browser):
    set_window("renders", "calendar_month")
    count(ada, event("a", quantity=20))
    ada.organization.timezone = "America/New_York"
    db.session.commit()
    assert used(ada) == 20
    count(ada, event("b"))
    assert len(totals()) == 1


def set_window(meter: str, window: str) -> None:
    db.session.execute(db.update(Meter).where(Meter.key == meter).values(window=window))
    db.session.execute(db.update(CatalogVersion).values(version=f"{meter} by {window}"))
    db.session.commit()
