"""Sales whose end nobody knew when the workers came back, a day or more later."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.core.extensions import db
from app.core.tasks import Task, TaskState
from app.gateway.client import client as stripe
from app.gateway.intents import IntentState, StripeIntent
from app.usage import overage
from app.usage.models import Sale, Total
from tests.cast import Browser
from tests.helpers import Sandbox
from tests.usage.reporting import count
from tests.usage.test_overage import INCLUDED, METER, generations, invoices, reported, turn

DAY = timedelta(hours=25)


@pytest.fixture
def sold(ada: Browser, subscribe: Callable[..., None]) -> Browser:
    """100 AI generations went to Stripe, and the worker died before it could say so."""
    subscribe(ada, "growth")
    count(ada, generations("a", INCLUDED + 100))
    overage.sell(db.session.scalars(select(Total.id)).one())
    db.session.rollback()
    return ada


def a_day_later(state: IntentState) -> None:
    """As far as anybody knows, this became of the report."""
    older = {"state": state, "started_at": StripeIntent.started_at - DAY, "begun_at": StripeIntent.begun_at - DAY}
    db.session.execute(update(StripeIntent).where(StripeIntent.key.startswith("usage-sale:")).values(**older))
    db.session.commit()


def goes_on(sandbox: Sandbox, browser: Browser) -> None:
    """The workers are back, and more is counted."""
    turn(sandbox, "1 minute")
    count(browser, generations("b", 1000))
    turn(sandbox, "1 minute")


def test_a_sale_that_stripe_surely_took_is_over(sold: Browser, sandbox: Sandbox):
    a_day_later(IntentState.SUCCEEDED)
    goes_on(sandbox, sold)
    assert reported(sandbox, sold) == 1100


def test_a_sale_in_doubt_that_the_meter_counted_is_not_sold_again(sold: Browser, sandbox: Sandbox):
    a_day_later(IntentState.UNRESOLVED)
    goes_on(sandbox, sold)
    assert reported(sandbox, sold) == 1100


def test_a_sale_in_doubt_that_the_meter_did_not_count_is_sold_anew(sold: Browser, sandbox: Sandbox):
    _not_counted_after_all()
    a_day_later(IntentState.UNRESOLVED)
    goes_on(sandbox, sold)
    assert reported(sandbox, sold) == 1100
    turn(sandbox, "1 month")
    turn(sandbox, "2 hours")
    assert invoices(sandbox, sold) == [9900, 9900 + 1100 * 2]


def test_where_the_meter_says_neither_a_person_is_told_what_to_compare(sold: Browser, sandbox: Sandbox):
    sale = db.session.scalars(select(Sale)).one()
    payload = {"stripe_customer_id": str(sold.organization.stripe_customer_id), "value": "7"}
    event = {"event_name": METER, "payload": payload, "timestamp": int(sale.at.timestamp())}
    stripe().v1.billing.meter_events.create(event)  # by somebody else
    a_day_later(IntentState.UNRESOLVED)
    turn(sandbox, "1 minute")
    task = db.session.scalars(select(Task).where(Task.kind == "sell_usage")).one()
    assert task.state == TaskState.PENDING
    assert "counted 107" in task.last_error
    assert f"Without the sale {sale.public_id} it should be 0, with it 100." in task.last_error


def _not_counted_after_all() -> None:
    sale = db.session.scalars(select(Sale)).one()
    adjustment = {"type": "cancel", "event_name": METER, "cancel": {"identifier": sale.public_id}}
    stripe().v1.billing.meter_event_adjustments.create(adjustment)
