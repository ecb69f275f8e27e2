"""What goes beyond the included amount: at Stripe exactly once in sum, and on the next invoice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.catalog import load
from app.catalog.reading import PRESETS
from app.core import clock
from app.core.extensions import db
from app.subscriptions import service as subscriptions
from app.usage import overage, service
from app.usage.models import Sale, Total
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.subscriptions.changing import change_to
from tests.subscriptions.leaving import cancel
from tests.usage.reporting import count, event, used

METER = "ai_generations"
INCLUDED = 5000


@pytest.fixture
def growth(ada: Browser, subscribe: Callable[..., None]) -> Browser:
    """Ada has Growth: 5,000 AI generations, then 2 cents each."""
    subscribe(ada, "growth")
    return ada


def generations(id: str, quantity: int, at: datetime | None = None):
    return event(id, METER, quantity, at)


def reported(sandbox: Sandbox, browser: Browser) -> Decimal:
    """What Stripe's meter says about this organization, all in all."""
    meter = next(meter for meter in sandbox.objects("billing/meters") if meter["event_name"] == METER)
    start = int(browser.organization.created_at.timestamp()) // 60 * 60 - 3600
    window = {"start_time": str(start), "end_time": str(start + 60 * 60 * 24 * 365)}
    customer = str(browser.organization.stripe_customer_id)
    found = sandbox.objects(f"billing/meters/{meter['id']}/event_summaries", customer=customer, **window)
    return Decimal(str(found[0]["aggregated_value"]))


def invoices(sandbox: Sandbox, browser: Browser) -> list[int]:
    """Totals in cents, the oldest first."""
    found = sandbox.objects("invoices", customer=str(browser.organization.stripe_customer_id))
    return [invoice["total"] for invoice in reversed(found)]


def turn(sandbox: Sandbox, by: str) -> None:
    sandbox.turn_clock(by)
    clock.refresh()
    work(sandbox)


def test_within_the_plan_nothing_is_reported(growth: Browser, sandbox: Sandbox):
    count(growth, generations("a", INCLUDED))
    work(sandbox)
    assert reported(sandbox, growth) == 0
    assert [len(one["items"]["data"]) for one in sandbox.objects("subscriptions")] == [1]


def test_what_goes_beyond_is_on_the_next_invoice(growth: Browser, sandbox: Sandbox):
    count(growth, generations("a", INCLUDED), generations("b", 100))
    work(sandbox)
    assert reported(sandbox, growth) == 100
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    assert invoices(sandbox, growth) == [9900, 9900 + 200]
    assert used(growth, METER) == 0


def test_the_next_charge_grows_with_what_was_used(growth: Browser, sandbox: Sandbox):
    count(growth, generations("a", INCLUDED + 100))
    turn(sandbox, "1 second")
    coming = subscriptions.latest(growth.organization).coming
    assert coming.amount.amount == 9900 + 200
    count(growth, generations("b", 50))
    turn(sandbox, "10 seconds")
    turn(sandbox, "1 hour")
    coming = subscriptions.latest(growth.organization).coming
    assert coming.amount.amount == 9900 + 300


def test_page_api_and_stripe_agree_whatever_order_events_come_in(growth: Browser, sandbox: Sandbox):
    turn(sandbox, "3 days")
    now = clock.now()
    early, late = now - timedelta(days=2), now - timedelta(hours=1)
    count(growth, generations("b", 4000, late), generations("b", 4000, late))
    count(growth, generations("a", 2000, early), generations("b", 4000, late))
    work(sandbox)
    count(growth, generations("a", 2000, early), generations("c", 30, early))
    turn(sandbox, "1 minute")
    assert used(growth, METER) == 6030
    assert reported(sandbox, growth) == service.standing(growth.organization, METER).beyond == 1030


def test_a_late_event_is_billed_with_its_period_while_the_invoice_is_a_draft(growth: Browser, sandbox: Sandbox):
    turn(sandbox, "3 days")
    happened = clock.now()
    count(growth, generations("a", INCLUDED + 100, happened))
    work(sandbox)
    end = service.standing(growth.organization, METER).resets_at
    sandbox.turn_clock_to(end + timedelta(minutes=10))
    clock.refresh()
    work(sandbox)
    count(growth, generations("b", 50, happened))
    work(sandbox)
    turn(sandbox, "2 hours")
    assert invoices(sandbox, growth) == [9900, 9900 + 300]


def test_an_event_later_than_that_is_billed_with_the_running_period(growth: Browser, sandbox: Sandbox):
    turn(sandbox, "3 days")
    happened = clock.now()
    count(growth, generations("a", INCLUDED + 100, happened))
    work(sandbox)
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    count(growth, generations("b", 50, happened))
    turn(sandbox, "1 minute")
    assert used(growth, METER) == 0
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    assert invoices(sandbox, growth) == [9900, 9900 + 200, 9900 + 100]


def test_what_was_not_reported_before_the_period_ended_is_not_lost(growth: Browser, sandbox: Sandbox):
    count(growth, generations("a", INCLUDED + 100))
    turn(sandbox, "1 month")
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    assert invoices(sandbox, growth) == [9900, 9900, 9900 + 200]


def test_a_task_that_dies_after_stripe_heard_sells_nothing_twice(growth: Browser, sandbox: Sandbox):
    count(growth, generations("a", INCLUDED + 100))
    total = db.session.scalars(db.select(Total).filter_by(meter_key=METER)).one()
    with pytest.MonkeyPatch.context() as death:
        death.setattr(overage, "_end", _die)
        with pytest.raises(SystemExit):
            overage.sell(total.id)
    db.session.rollback()
    assert reported(sandbox, growth) == 100
    count(growth, generations("b", 10))
    work(sandbox)
    turn(sandbox, "1 minute")
    assert reported(sandbox, growth) == 110
    assert db.session.scalars(db.select(Sale.quantity).order_by(Sale.id)).all() == [100, 10]


def _die(*_: object) -> None:
    raise SystemExit


def test_an_upgrade_raises_the_limit_at_once(growth: Browser, sandbox: Sandbox, nexus):
    count(growth, generations("a", INCLUDED + 100))
    work(sandbox)
    assert change_to(growth, nexus("pro")).status_code == 303
    standing = service.standing(growth.organization, METER)
    assert (standing.limit, standing.used) == (25_000, INCLUDED + 100)


def test_after_an_upgrade_what_was_sold_before_is_not_sold_again(growth: Browser, sandbox: Sandbox, nexus):
    count(growth, generations("a", INCLUDED + 100))
    work(sandbox)
    change_to(growth, nexus("pro"))
    work(sandbox)
    changed = invoices(sandbox, growth)
    count(growth, generations("b", 20_000 + 1000))
    turn(sandbox, "1 minute")
    assert reported(sandbox, growth) == 1100
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    assert invoices(sandbox, growth) == [*changed, 29900 + 100 * 2 + 1000 * 3 // 2]


def test_a_smaller_plan_from_the_next_period_still_bills_this_one(growth: Browser, sandbox: Sandbox, nexus):
    count(growth, generations("a", INCLUDED + 100))
    work(sandbox)
    assert change_to(growth, nexus("starter")).status_code == 303
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    assert invoices(sandbox, growth) == [9900, 2900 + 200]


def test_a_subscription_that_ends_with_its_period_still_bills_it(growth: Browser, sandbox: Sandbox, nexus):
    count(growth, generations("a", INCLUDED + 100))
    work(sandbox)
    cancel(growth)
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    assert invoices(sandbox, growth) == [9900, 200]


def test_a_plan_by_the_year_bills_by_the_month(ada: Browser, sandbox: Sandbox, nexus, subscribe):
    subscribe(ada, "growth")
    change_to(ada, nexus("growth", "year"))
    work(sandbox)
    paid = invoices(sandbox, ada)
    count(ada, generations("a", INCLUDED + 100))
    work(sandbox)
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    assert invoices(sandbox, ada) == [*paid, 200]
    assert used(ada, METER) == 0


def test_after_a_new_catalogue_the_next_sale_is_at_the_new_price(growth: Browser, sandbox: Sandbox, tmp_path: Path):
    count(growth, generations("a", INCLUDED + 100))
    work(sandbox)
    file = tmp_path / "nexus.toml"
    usual = (PRESETS / "nexus.toml").read_text()
    file.write_text(
        usual.replace(
            'amount = 5_000, behaviour = "billable", overage = { usd = 2',
            'amount = 5_000, behaviour = "billable", overage = { usd = 3',
        )
    )
    assert len(load.apply(load.read(str(file)))) == 1
    db.session.commit()
    count(growth, generations("b", 50))
    turn(sandbox, "1 minute")
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    assert invoices(sandbox, growth) == [9900, 9900 + 100 * 2 + 50 * 3]


def test_a_line_of_the_invoice_says_what_was_beyond_the_plan(growth: Browser, sandbox: Sandbox):
    count(growth, generations("a", INCLUDED + 100))
    work(sandbox)
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    lines = [line["description"] for one in sandbox.objects("invoices") for line in one["lines"]["data"]]
    assert "100 × AI generations beyond the plan (at $0.02 / month)" in lines
