"""Events are kept for so long and no longer; what they add up to stays, and none counts twice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import text

from app.catalog.models import CatalogVersion, Meter
from app.core import clock
from app.core.extensions import db
from app.usage import keeping, service
from app.usage.keeping import Walk
from app.usage.models import UsageEvent
from app.usage.refusals import EventsRefused
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.usage.reporting import count, event, used

DAYS = 400
LEVEL = "storage_gb"


@pytest.fixture(autouse=True)
def catalogue(nexus) -> None:
    """Every test here has meters."""


def turn(sandbox: Sandbox, days: int) -> None:
    sandbox.turn_clock(f"{days} days")
    clock.refresh()
    work(sandbox)


def known() -> set[str]:
    return set(db.session.scalars(db.select(UsageEvent.event_id)))


def walk() -> None:
    Walk().go_on()
    db.session.commit()


def test_an_event_is_forgotten_after_its_days(ada: Browser, sandbox: Sandbox):
    count(ada, event("old"))
    turn(sandbox, 2)
    count(ada, event("new"))
    turn(sandbox, DAYS - 1)
    walk()
    assert known() == {"new"}


def test_the_setting_says_how_many_days(ada: Browser, sandbox: Sandbox, settings: Callable[..., None]):
    settings(usage_events_days=66)
    count(ada, event("old"))
    turn(sandbox, 65)
    walk()
    assert known() == {"old"}
    turn(sandbox, 2)
    walk()
    assert known() == set()


def test_what_events_add_up_to_stays(ada: Browser, sandbox: Sandbox):
    today = clock.now().date()
    count(ada, event("level", LEVEL, 7), event("old", quantity=3))
    turn(sandbox, DAYS + 1)
    walk()
    assert known() == set()
    assert used(ada, LEVEL) == 7
    assert [day.used for day in service.daily(ada.organization, "renders", today, today)] == [3]


def test_an_event_that_was_forgotten_is_not_added_again(ada: Browser, sandbox: Sandbox):
    """To a window that never ends, which takes late events without any other limit."""
    db.session.execute(db.update(Meter).where(Meter.key == "renders").values(window="never"))
    db.session.execute(db.update(CatalogVersion).values(version="another"))
    db.session.commit()
    happened = clock.now()
    count(ada, event("old", quantity=7, at=happened))
    turn(sandbox, DAYS + 1)
    walk()
    with pytest.raises(EventsRefused) as refusal:
        service.count(ada.organization, [event("old", quantity=7, at=happened)])
    assert [problem.code for problem in refusal.value.problems] == ["window_closed"]


def test_a_level_that_was_forgotten_comes_again_without_a_trace(ada: Browser, sandbox: Sandbox):
    happened = clock.now()
    count(ada, event("old", LEVEL, 7, happened), event("new", LEVEL, 3, happened + timedelta(minutes=1)))
    turn(sandbox, DAYS + 1)
    walk()
    count(ada, event("old", LEVEL, 7, happened))
    assert used(ada, LEVEL) == 3


def test_what_was_sold_and_what_is_not_sold_yet_need_no_event(
    ada: Browser, sandbox: Sandbox, subscribe: Callable[..., None], forgotten: Callable[[], None]
):
    subscribe(ada, "growth")
    count(ada, event("a", "ai_generations", 5100))
    forgotten()
    work(sandbox)
    [meter] = [meter for meter in sandbox.objects("billing/meters") if meter["event_name"] == "ai_generations"]
    window = {"start_time": "0", "end_time": str(_minute(clock.now() + timedelta(hours=1)))}
    customer = str(ada.organization.stripe_customer_id)
    [summary] = sandbox.objects(f"billing/meters/{meter['id']}/event_summaries", customer=customer, **window)
    assert Decimal(str(summary["aggregated_value"])) == 100


@pytest.fixture
def forgotten() -> Callable[[], None]:
    """Every event gone, as if its days were over."""

    def forget() -> None:
        db.session.execute(db.delete(UsageEvent))
        db.session.commit()

    return forget


def _minute(instant: datetime) -> int:
    return int(instant.timestamp()) // 60 * 60


def test_a_walk_goes_on_where_it_was(ada: Browser, sandbox: Sandbox):
    for part in range(3):
        count(ada, *(event(f"{part}-{number}") for number in range(100)))
    turn(sandbox, DAYS + 1)
    walking = Walk(pages=1, steps=1)
    walking.go_on()
    left = len(known())
    assert 0 < left < 300
    walking.go_on()
    assert len(known()) < left


def test_after_the_last_page_it_rests_for_a_day(ada: Browser, sandbox: Sandbox):
    walking = Walk()
    walking.go_on()
    count(ada, event("old"))
    turn(sandbox, DAYS + 1)
    walking.go_on()
    assert known() == {"old"}


def test_only_the_pages_at_hand_are_read(app: Flask):
    db.session.execute(text("SET LOCAL enable_seqscan = off"))  # the table is too short to show it otherwise
    values = {"first": "(0,0)", "behind": "(128,0)", "before": clock.now()}
    plan = "\n".join(db.session.scalars(text(f"EXPLAIN {keeping.FORGET.text}"), values))
    assert "Tid Range Scan" in plan
