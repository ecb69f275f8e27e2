from collections.abc import Callable

import pytest

from app.catalog import words
from app.catalog.models import Interval
from app.catalog.tree import Catalog, Plan
from app.core import i18n

from .conftest import SMALL

Loaded = Callable[[str], list[str]]
Current = Callable[[], Catalog]


def said(plan: Plan | None) -> list[str]:
    assert plan is not None
    return [str(words.limit_words(limit, "usd")) for limit in plan.limits]


def test_limits_are_said_in_words(loaded: Loaded, current: Current) -> None:
    loaded("nexus")
    assert said(current().plan("growth")) == [
        "5,000 AI generations, then $0.02 each",
        "1,000 renders",
        "10,000 workflow runs",
        "250,000 API calls, then $0.0004 each",
        "1,000,000 views, soft limit",
        "100 GB storage",
        "500 GB bandwidth",
    ]
    assert said(current().plan("enterprise"))[0] == "Unlimited AI generations"


def test_one_of_a_thing_is_singular(loaded: Loaded, current: Current) -> None:
    loaded("agents")
    assert said(current().plan("free")) == ["1 agent", "1,000 messages", "1 user", "100 MB storage"]


def test_numbers_and_prices_follow_the_readers_locale(loaded: Loaded, current: Current) -> None:
    loaded("nexus")
    growth = current().plan("growth")
    assert growth is not None
    with i18n.using("de_DE", "Europe/Berlin"):
        told = words.limit_words(growth.limits[3], "eur")
    assert told.quantity == "250.000"
    assert "0,0004\xa0€" in told.beyond


def test_features_are_said_as_far_as_the_plan_has_them(loaded: Loaded, current: Current) -> None:
    loaded("agents")
    starter = current().plan("starter")
    assert starter is not None
    assert [words.feature_words(feature) for feature in starter.features] == [
        "Knowledge base",
        "Workflows",
        None,
        None,
        None,
    ]
    loaded("uxflow")
    enterprise = current().plan("enterprise")
    assert enterprise is not None
    assert words.feature_words(enterprise.features[0]) == "Monthly credits: Unlimited"


@pytest.mark.parametrize(
    ("year", "saying"),
    [(10000, "2 months free"), (11000, "1 month free"), (11500, "you save $5.00"), (12000, ""), (13000, "")],
)
def test_the_saving_is_computed_from_the_prices(loaded: Loaded, current: Current, year: int, saying: str) -> None:
    loaded(SMALL.replace("year = 10000", f"year = {year}"))
    solo = current().plan("solo")
    assert solo is not None
    assert words.plan_saving(solo, "usd") == saying
    assert words.common_saving(current(), "usd") == saying


def test_different_savings_are_said_as_the_largest_share(loaded: Loaded, current: Current) -> None:
    loaded(SMALL + '\n[[plans]]\nkey = "duo"\nname = "Duo"\nprices.usd = { month = 2000, year = 23000 }')
    assert words.common_saving(current(), "usd") == "save up to 16%"


def test_a_twelfth_of_a_year_never_looks_cheaper_than_it_is(loaded: Loaded, current: Current) -> None:
    loaded(SMALL)
    solo = current().plan("solo")
    assert solo is not None
    price = solo.price(Interval.YEAR, "usd")
    assert price is not None
    assert price.monthly.format() == "$8.34"
