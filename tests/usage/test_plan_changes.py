"""By which plan a window is sold whose plan changes: never by a smaller one than the customer had in it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, update

from app.catalog.models import Price
from app.core import clock
from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.gateway.client import client as stripe
from app.usage import service
from tests.cast import Browser
from tests.helpers import Sandbox, until, work
from tests.subscriptions.changing import change_to, of
from tests.usage.reporting import count
from tests.usage.test_overage import INCLUDED, METER, generations, invoices, reported, turn

Nexus = Callable[..., Price]
INCLUDED_IN_PRO = 25_000


@pytest.fixture
def growth(ada: Browser, subscribe: Callable[..., None]) -> Browser:
    """Ada has Growth: 5,000 AI generations, then 2 cents each."""
    subscribe(ada, "growth")
    return ada


@pytest.fixture
def pro(growth: Browser, nexus: Nexus) -> Browser:
    """Ada changed to Pro: 25,000 AI generations, then 1.5 cents each."""
    change_to(growth, nexus("pro"))
    work()
    return growth


def next_month(sandbox: Sandbox) -> None:
    for step in ("1 month", "1 day"):
        turn(sandbox, step)


def test_late_use_of_a_month_in_which_nothing_was_counted_is_sold(growth: Browser, sandbox: Sandbox):
    happened = clock.now() + timedelta(hours=1)
    next_month(sandbox)
    count(growth, generations("late", INCLUDED + 100, happened))
    turn(sandbox, "1 minute")
    assert reported(sandbox, growth) == 100


def test_late_use_of_a_larger_plan_is_not_sold_by_the_smaller_one(pro: Browser, sandbox: Sandbox, nexus: Nexus):
    happened = clock.now() + timedelta(hours=1)
    turn(sandbox, "1 day")
    change_to(pro, nexus("growth"))
    next_month(sandbox)
    count(pro, generations("late", INCLUDED_IN_PRO + 1, happened))
    turn(sandbox, "1 minute")
    assert reported(sandbox, pro) == 0


def test_what_was_counted_before_an_upgrade_does_not_keep_the_old_limit(
    growth: Browser, sandbox: Sandbox, nexus: Nexus
):
    count(growth, generations("a", 1))
    change_to(growth, nexus("pro"))
    happened = clock.now()
    turn(sandbox, "1 day")
    change_to(growth, nexus("growth"))
    next_month(sandbox)
    count(growth, generations("late", INCLUDED_IN_PRO, happened))
    turn(sandbox, "1 minute")
    assert reported(sandbox, growth) == 1


def test_a_smaller_plan_that_begins_with_a_month_has_its_own_limit_in_it(pro: Browser, sandbox: Sandbox, nexus: Nexus):
    change_to(pro, nexus("growth"))
    next_month(sandbox)
    happened = clock.now()
    next_month(sandbox)
    count(pro, generations("late", INCLUDED + 100, happened))
    turn(sandbox, "1 minute")
    assert reported(sandbox, pro) == 100


def test_what_waits_to_be_sold_is_included_in_the_larger_plan(growth: Browser, sandbox: Sandbox, nexus: Nexus):
    count(growth, generations("a", INCLUDED + 1000))
    assert change_to(growth, nexus("pro")).status_code == 303
    turn(sandbox, "1 minute")
    assert reported(sandbox, growth) == 0


def test_a_batch_under_way_during_an_upgrade_is_sold_by_the_larger_plan(
    growth: Browser, sandbox: Sandbox, nexus: Nexus, whole_app: Flask
):
    larger = nexus("pro")
    count(growth, generations("a", INCLUDED))
    organization = growth.organization.id

    def counting() -> None:
        with whole_app.app_context():
            count(growth, generations("b", 1000))

    with db.engine.connect() as other, ThreadPoolExecutor(1) as pool:
        claimed = text("INSERT INTO usage_events VALUES (:o, 'b', :m, 1, now(), false)")
        other.execute(claimed, {"o": organization, "m": METER})  # somebody else is at the same id, and is slow
        batch = pool.submit(counting)
        until(_is_somebody_waiting, "the batch to wait")
        assert change_to(growth, larger).status_code == 303
        other.rollback()
        batch.result()
    turn(sandbox, "1 minute")
    assert service.standing(growth.organization, METER).limit == INCLUDED_IN_PRO
    assert reported(sandbox, growth) == 0


def _is_somebody_waiting() -> bool:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with db.engine.connect() as look:
        return bool(look.scalar(waiting))


def leave_at_once(browser: Browser) -> None:
    stripe().v1.subscriptions.cancel(of(browser).stripe_id)


def test_who_leaves_and_buys_again_has_all_of_the_plan_again(growth: Browser, sandbox: Sandbox, subscribe: Any):
    count(growth, generations("a", INCLUDED + 100))
    work(sandbox)
    leave_at_once(growth)
    turn(sandbox, "1 day")
    subscribe(growth, "growth")
    count(growth, generations("b", INCLUDED + 10))
    turn(sandbox, "1 minute")
    assert reported(sandbox, growth) == 110


def test_what_waited_to_be_sold_is_on_the_invoice_of_the_subscription_bought_again(
    growth: Browser, sandbox: Sandbox, subscribe: Any
):
    count(growth, generations("a", INCLUDED + 100))
    work(sandbox)
    count(growth, generations("b", 50))
    db.session.execute(
        update(Task).where(Task.state == TaskState.PENDING).values(run_at=clock.now() + timedelta(hours=1))
    )
    db.session.commit()
    leave_at_once(growth)
    subscribe(growth, "growth")
    before = invoices(sandbox, growth)
    turn(sandbox, "2 hours")
    assert reported(sandbox, growth) == 150
    next_month(sandbox)
    assert invoices(sandbox, growth) == [*before, 9900 + 50 * 2]
