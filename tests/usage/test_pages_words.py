"""A meter in words, for the kinds of meters and limits that the demo's catalogue does not have."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from app.catalog.models import Aggregation, Behaviour, MeterKind, Window
from app.catalog.tree import Meter, Overage
from app.usage.outlook import overage, projected
from app.usage.standing import Standing
from app.usage.wording import MeterWords, told

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=30)
MIDDLE = BEGIN + timedelta(days=15)
CALLS = Meter(
    key="calls",
    name="calls",
    singular="call",
    unit="",
    kind=MeterKind.COUNTER,
    aggregation=Aggregation.SUM,
    window=Window.BILLING_PERIOD,
    stripe_meter_id="mtr_1",
    archived_at=None,
)
SEATS = replace(CALLS, key="seats", name="seats", kind=MeterKind.GAUGE, aggregation=Aggregation.MAX)
STORAGE = replace(SEATS, key="storage", name="storage", unit="GB", aggregation=Aggregation.LAST, window=Window.NEVER)


def standing(meter: Meter = CALLS, used: str = "40", limit: str | None = "100", **facts: Any) -> Standing:
    facts = {"behaviour": Behaviour.HARD, "begins_at": BEGIN, "resets_at": END, **facts}
    return Standing(meter=meter, used=Decimal(used), limit=None if limit is None else Decimal(limit), **facts)


def words(whole_app: Flask, found: Standing, now: datetime = MIDDLE) -> MeterWords:
    with whole_app.test_request_context(base_url=whole_app.extensions["settings"].public_url):
        return told(found, now)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (standing(), "40 of 100 used, 60 left"),
        (standing(limit=None), "40 used, no limit"),
        (standing(used="0", limit="0"), "Not in your plan"),
        (standing(used="3", limit="0"), "3 used, none included"),
        (standing(used="140"), "140 used, 40 beyond the 100 included"),
        (standing(SEATS), "Peak of 40 of 100, 60 left"),
        (standing(SEATS, limit=None), "Peak of 40, no limit"),
        (standing(STORAGE, "1.50"), "1.5 of 100 GB in use, 98.5 GB left"),
        (standing(STORAGE, limit=None), "40 GB in use, no limit"),
    ],
)
def test_each_kind_of_meter_says_what_is_used(whole_app: Flask, found: Standing, said: str):
    assert words(whole_app, found).said == said


@pytest.mark.parametrize(
    ("found", "outlook"),
    [
        (standing(), "At this pace about 80 by 31 Mar 2026, within what is included."),
        (standing(limit=None), "At this pace about 80 by 31 Mar 2026."),
        (standing(used="75"), "At this pace the limit is reached on 21 Mar 2026."),
        (standing(used="100"), ""),
        (standing(used="75", behaviour=Behaviour.SOFT), "At this pace about 150 by 31 Mar 2026, 50 beyond."),
        (standing(SEATS), ""),
        (standing(STORAGE, resets_at=None), ""),
        (standing(used="0"), ""),
    ],
)
def test_only_a_sum_has_a_course(whole_app: Flask, found: Standing, outlook: str):
    assert words(whole_app, found).outlook == outlook


def test_a_limit_that_is_reached_before_the_day_is_over_is_reached_today(whole_app: Flask):
    late = END - timedelta(hours=20)
    found = words(whole_app, standing(used="99"), late)
    assert (found.outlook, found.needs_more) == ("At this pace the limit is reached today.", True)


def test_what_is_sold_is_foretold_with_its_price(whole_app: Flask):
    sold = standing(used="75", behaviour=Behaviour.BILLABLE, overage_price=Overage("usd", Decimal("2.5"), "price_1"))
    outlook = "At this pace about 150 by 31 Mar 2026: 50 beyond, about $1.25 before tax."
    assert words(whole_app, sold).outlook == outlook


def test_nothing_stops_where_more_would_be_sold_but_costs_nothing(whole_app: Flask):
    free = standing(used="140", behaviour=Behaviour.BILLABLE)
    found = words(whole_app, free)
    assert (found.rule, found.cost, found.state) == (
        "Nothing stops at the limit.",
        "",
        ("Beyond what is included", "warning"),
    )


def test_a_course_never_leads_back_and_ends_with_the_window():
    assert [projected(standing(), instant) for instant in (BEGIN + timedelta(hours=30), END)] == [None, None]
    late = projected(standing(), END - timedelta(seconds=1))
    assert late is not None
    assert late.used in (40, 41)


def test_half_a_cent_is_rounded_up_as_on_the_invoice():
    sold = standing(used="101", behaviour=Behaviour.BILLABLE, overage_price=Overage("usd", Decimal("0.5"), "price_1"))
    found = overage(sold)
    assert found is not None
    assert found.amount == 1
