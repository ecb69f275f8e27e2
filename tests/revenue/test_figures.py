"""Figures of a period, from lines of the book written by hand."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from app.catalog.models import Price
from app.core import clock
from app.core.extensions import db
from app.core.money import Money
from app.revenue import figures, losses
from app.revenue.models import Kind, Movement
from app.revenue.periods import Period, today
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.revenue.rows import customer, invoice, moves


@pytest.fixture
def month(app: Flask) -> Period:
    """The last thirty days."""
    return Period(today() - timedelta(days=29), today())


def tried(price: Price, status: str) -> Subscription:
    """A trial of two weeks that has just become `status`."""
    subscription = customer(f"Trial {status}", price, status=status)
    moves(subscription, clock.now() - timedelta(days=14), 0, kind=Kind.NONE, status="trialing")
    if status != "trialing":
        moves(subscription, clock.now(), 0, kind=Kind.NONE, status=status, status_before="trialing")
    return subscription


def test_where_nothing_recurs_there_is_no_figure(month: Period):
    found = figures.of(month)
    assert (found.revenues, found.conversion, set(found.counts.values())) == ([], None, {0})
    assert (losses.reasons(month), losses.failed(month)) == ({}, [])


def test_currencies_are_never_added_up(month: Period, nexus: Callable[..., Price]):
    customer("Ada", nexus("growth"), annual=118800)
    customer("Bob", nexus("growth", currency="eur"), annual=118800)
    customer("Cleo", nexus("starter"), annual=34800)
    found = [(one.mrr, one.arr, one.arpu, one.customers) for one in figures.of(month).revenues]
    assert found == [
        (Money(12800, "usd"), Money(153600, "usd"), Money(6400, "usd"), 2),
        (Money(9900, "eur"), Money(118800, "eur"), Money(9900, "eur"), 1),
    ]


def test_churn_is_told_of_those_who_paid_at_the_beginning(month: Period, nexus: Callable[..., Price]):
    stays, leaves = (customer(name, nexus("growth"), annual=120000) for name in ("Ada", "Bob"))
    moves(stays, clock.now(), 90000, 120000, kind=Kind.CONTRACTION, status_before="active")
    moves(leaves, clock.now(), 0, 120000, kind=Kind.CHURN, status="canceled", status_before="active")
    (one,) = figures.of(month).revenues
    assert (one.customer_churn, one.revenue_churn, one.lost) == (Decimal(50), Decimal("62.5"), Money(12500, "usd"))
    assert (one.mrr_before, one.mrr) == (Money(20000, "usd"), Money(7500, "usd"))


def test_who_came_and_left_within_the_period_is_no_churn_of_those_before(month: Period, nexus: Callable[..., Price]):
    customer("Ada", nexus("growth"), annual=120000)
    comes = customer("Bob", nexus("growth"))
    moves(comes, month.begins_at, 120000)
    moves(comes, clock.now(), 60000, 120000, kind=Kind.CONTRACTION, status_before="active")
    moves(comes, clock.now(), 0, 60000, kind=Kind.CHURN, status="canceled", status_before="active")
    (one,) = figures.of(month).revenues
    assert (one.customer_churn, one.revenue_churn, one.lost) == (Decimal(0), Decimal(0), Money(0, "usd"))
    assert one.of(Kind.CHURN).count == 1


def test_who_leaves_comes_back_and_leaves_again_is_lost_once(month: Period, nexus: Callable[..., Price]):
    wavers = customer("Ada", nexus("growth"), annual=120000)
    for day in (1, 10):
        at = month.begins_at + timedelta(days=day)
        moves(wavers, at, 0, 120000, kind=Kind.CHURN, status="paused", status_before="active")
        moves(wavers, at + timedelta(days=1), 120000, kind=Kind.REACTIVATION, status_before="paused")
    (one,) = figures.of(month).revenues
    assert (one.customer_churn, one.revenue_churn, one.of(Kind.CHURN).count) == (Decimal(100), Decimal(100), 2)


def test_a_line_belongs_to_the_day_it_begins_with(month: Period, nexus: Callable[..., Price]):
    subscription = customer("Ada", nexus("growth"))
    moves(subscription, month.begins_at, 120)
    moves(subscription, month.ends_at, 240, 120)
    (one,) = figures.of(month).revenues
    assert (one.opening, one.of(Kind.NEW).count, one.closing) == (0, 1, 120)
    assert figures.course(month, "usd")[Kind.NEW] == [120] + [0] * 29


def test_a_trial_is_over_however_it_ends(month: Period, nexus: Callable[..., Price]):
    for status in ("active", "canceled", "paused", "trialing"):
        tried(nexus("growth"), status)
    found = figures.of(month)
    assert (found.trials_ended, found.trials_converted, found.conversion) == (3, 0, Decimal(0))
    assert found.counts == {"active": 1, "trialing": 1, "past_due": 0}


@pytest.mark.parametrize(
    ("status", "invoices", "converted"),
    [
        ("active", [{"status": "paid"}], 1),
        ("active", [], 0),
        ("active", [{"status": "open"}], 0),
        ("active", [{"status": "paid", "total_amount": 0}], 0),
        ("active", [{"status": "paid", "total_amount": 0}, {"status": "paid"}], 0),
        ("past_due", [{"status": "open"}], 0),
        ("past_due", [{"status": "uncollectible"}, {"status": "paid"}], 0),
        ("past_due", [{"status": "paid"}, {"status": "open"}], 1),
    ],
)
def test_a_trial_is_converted_by_the_first_invoice_after_it_being_paid(
    month: Period, nexus: Callable[..., Price], status: str, invoices: list[dict[str, Any]], converted: int
):
    subscription = tried(nexus("growth"), status)
    mine = {"subscription_stripe_id": subscription.stripe_id}
    invoice(subscription, "T-0", issued_at=clock.now() - timedelta(days=14), status="paid", **mine)
    for number, columns in enumerate(invoices, 1):
        invoice(subscription, f"T-{number}", **mine | columns)
    assert figures.of(month).trials_converted == converted


def test_another_subscription_that_is_paid_converts_no_trial(month: Period, nexus: Callable[..., Price]):
    invoice(tried(nexus("growth"), "active"), "T-1", status="paid", subscription_stripe_id="sub_other")
    assert figures.of(month).trials_converted == 0


def test_who_took_a_cancellation_back_has_not_canceled(month: Period, nexus: Callable[..., Price]):
    customer("Ada", nexus("growth"), canceled_at=clock.now(), feedback="unused")
    customer("Bob", nexus("growth"), canceled_at=clock.now())
    customer("Cleo", nexus("growth"), canceled_at=clock.now() - timedelta(days=35), feedback="other")
    customer("Dora", nexus("growth"))
    assert losses.reasons(month) == {"": 1, "unused": 1}


def test_an_invoice_fails_once_however_often_it_is_tried(month: Period, nexus: Callable[..., Price]):
    subscription = customer("Ada", nexus("growth"))
    invoice(subscription, "A-1", refused=3)
    invoice(subscription, "A-2", refused=1, status="paid", remaining_amount=0)
    invoice(subscription, "A-3")
    assert losses.failed(month) == [losses.Failed(2, Money(1000, "usd"))]


def test_a_renewal_writes_no_line(ada: Browser, subscribe: Callable[..., None], sandbox: Sandbox):
    subscribe(ada, "growth")
    sandbox.turn_clock("2 months")
    work(sandbox)
    (line,) = db.session.scalars(db.select(Movement))
    assert (line.kind, line.annual_amount, line.status_before) == (Kind.NEW, 118800, "")
