"""Use beyond a plan that nobody bills is written down for a person, until it is sold after all or settled."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from app.audit.models import Entry
from app.core import clock
from app.core.extensions import db
from app.core.money import Money
from app.usage import unbilled
from app.usage.models import Total
from app.usage.unbilled import Reason
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.subscriptions.changing import change_to
from tests.usage.leftovers import INCLUDED, METER, leave, left, report_late, turn
from tests.usage.reporting import count, event


@pytest.fixture
def growth(ada: Browser, subscribe: Callable[..., None]) -> Browser:
    """Ada has Growth: 5,000 AI generations, then 2 cents each."""
    subscribe(ada, "growth")
    return ada


def sold() -> Decimal:
    return db.session.scalars(db.select(Total.sold).filter_by(meter_key=METER).order_by(Total.begins_at)).first()


def test_late_use_of_a_subscription_that_is_over_is_written_down(growth: Browser, sandbox: Sandbox):
    count(growth, event("a", METER, INCLUDED))
    leave(growth, sandbox)
    report_late(growth, sandbox, "late", 100)
    [found] = left()
    assert (found.quantity, found.amount, found.reason) == (100, Money(200, "usd"), Reason.ENDED)


def test_so_is_use_of_a_window_that_nothing_was_heard_of_before(growth: Browser, sandbox: Sandbox):
    leave(growth, sandbox)
    report_late(growth, sandbox, "late", INCLUDED + 50)
    [found] = left()
    assert (found.quantity, found.amount) == (50, Money(100, "usd"))


def test_what_was_sold_in_time_is_not_written_down(growth: Browser, sandbox: Sandbox):
    count(growth, event("a", METER, INCLUDED + 100))
    work(sandbox)
    leave(growth, sandbox)
    assert left() == []
    report_late(growth, sandbox, "late", 30)
    [found] = left()
    assert found.quantity == 30


def test_what_comes_later_still_is_added_under_another_name(growth: Browser, sandbox: Sandbox):
    leave(growth, sandbox)
    report_late(growth, sandbox, "late", INCLUDED + 50)
    former = left()[0].public_id
    report_late(growth, sandbox, "later", 20)
    [found] = left()
    assert found.quantity == 70
    assert found.public_id != former


def test_use_within_the_plan_is_nobodys_concern(growth: Browser, sandbox: Sandbox):
    leave(growth, sandbox)
    report_late(growth, sandbox, "late", INCLUDED)
    assert left() == []


def test_late_use_of_a_plan_that_was_left_for_one_that_sells_nothing(growth: Browser, sandbox: Sandbox, nexus):
    count(growth, event("a", METER, INCLUDED + 100))
    work(sandbox)
    change_to(growth, nexus("starter"))
    turn(sandbox, "1 month", "2 days")
    report_late(growth, sandbox, "late", 30)
    [found] = left()
    assert (found.quantity, found.amount, found.reason) == (30, Money(60, "usd"), Reason.NOT_SOLD)


def test_without_a_sale_nobody_knows_the_price_of_a_plan_that_was_left(growth: Browser, sandbox: Sandbox, nexus):
    count(growth, event("a", METER, INCLUDED))
    change_to(growth, nexus("starter"))
    turn(sandbox, "1 month", "2 days")
    report_late(growth, sandbox, "late", 30)
    [found] = left()
    assert (found.quantity, found.amount) == (30, None)


def test_it_goes_when_it_is_sold_after_all(growth: Browser, sandbox: Sandbox, subscribe: Callable[..., None]):
    leave(growth, sandbox)
    happened = clock.now() - timedelta(days=10)
    report_late(growth, sandbox, "late", INCLUDED + 50)
    subscribe(growth, "growth")
    count(growth, event("later", METER, 20, happened))
    turn(sandbox, "1 minute")
    assert left() == []
    assert sold() == 70


def test_what_is_settled_is_not_sold_to_who_comes_back(
    growth: Browser, sandbox: Sandbox, subscribe: Callable[..., None]
):
    leave(growth, sandbox)
    happened = clock.now() - timedelta(days=10)
    report_late(growth, sandbox, "late", INCLUDED + 50)
    assert unbilled.settle([one.public_id for one in left()], "billed by hand") == 1
    db.session.commit()
    subscribe(growth, "growth")
    count(growth, event("later", METER, 20, happened))
    turn(sandbox, "1 minute", "1 month", "1 day")
    invoices = sandbox.objects("invoices", customer=str(growth.organization.stripe_customer_id))
    assert invoices[0]["total"] == 9900 + 20 * 2


def test_settling_is_audited_with_its_reason(growth: Browser, sandbox: Sandbox):
    leave(growth, sandbox)
    report_late(growth, sandbox, "late", INCLUDED + 50)
    unbilled.settle([one.public_id for one in left()], "let go")
    db.session.commit()
    entry = db.session.scalars(db.select(Entry).filter_by(action="usage.settled")).one()
    assert entry.data == {"meter": METER, "quantity": "50", "reason": "let go"}
    assert left() == []


def test_what_grew_meanwhile_is_not_settled_by_its_former_name(growth: Browser, sandbox: Sandbox):
    leave(growth, sandbox)
    report_late(growth, sandbox, "late", INCLUDED + 50)
    [seen] = left()
    former = seen.public_id
    report_late(growth, sandbox, "later", 20)
    assert unbilled.settle([former], "let go") == 0
    assert left()[0].quantity == 70
