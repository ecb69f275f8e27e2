"""On what terms a plan is sold: its seats, its trial, how one leaves."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.catalog.models import CancelPolicy, CancelRefund, TrialCard, TrialEnd
from app.catalog.reading import BadCatalog, read
from app.catalog.tree import Catalog
from tests.house import ROOT

from .conftest import SMALL

Written = Callable[[str], Path]
Loaded = Callable[[str], list[str]]
Current = Callable[[], Catalog]

SOLD = "prices.usd = { month = 2000 }\n"
TERMS = """\
trial_days = 7
trial_card = "optional"
trial_end = "pause"
seats = { min = 2, max = 9 }
cancel = "immediate"
cancel_refund = "credit"
"""
WITH_TERMS = SMALL.replace('description = "For one."\n', 'description = "For one."\n' + TERMS)


def plan(lines: str) -> str:
    return SMALL + '\n[[plans]]\nkey = "team"\nname = "Team"\n' + lines


def terms(catalog: Catalog) -> tuple[object, ...]:
    solo = catalog.plan("solo")
    assert solo is not None
    seats = solo.seats_min, solo.seats_max
    return (solo.trial_days, solo.trial_card, solo.trial_end, *seats, solo.cancel, solo.cancel_refund)


def test_without_terms_a_plan_has_the_usual_ones(written: Written) -> None:
    solo = read(written(SMALL)).plans[1]
    assert (solo.trial_card, solo.trial_end) == (TrialCard.REQUIRED, TrialEnd.CANCEL)
    assert (solo.cancel, solo.cancel_refund) == (CancelPolicy.PERIOD_END, CancelRefund.NONE)
    assert (solo.seats_min, solo.seats_max) == (None, None)


@pytest.mark.parametrize(
    ("seats", "bounds"),
    [("{ min = 2, max = 50 }", (2, 50)), ("{ min = 3 }", (3, None)), ("{ max = 1 }", (1, 1)), ("{}", (1, None))],
)
def test_seats_have_a_least_and_perhaps_a_most(written: Written, seats: str, bounds: tuple[int, int | None]) -> None:
    team = read(written(plan(f"{SOLD}seats = {seats}"))).plans[2]
    assert (team.seats_min, team.seats_max) == bounds


@pytest.mark.parametrize("bound", ["min", "max"])
@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("0", "must not be less than 1"),
        ("-1", "must not be less than 1"),
        ("1.5", "must be a whole number"),
        ("true", "must be a whole number"),
        ('"many"', "must be a whole number"),
        ("1_000_000_000_000", "must not be more than 100000"),
    ],
)
def test_seats_are_a_sensible_number(written: Written, bound: str, number: str, problem: str) -> None:
    with pytest.raises(BadCatalog) as refused:
        read(written(plan(f"{SOLD}seats.{bound} = {number}")))
    assert refused.value.problems == [f'plans[3] "team": seats.{bound}: {problem}']


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (SOLD + "seats = 5", "seats: must be a table"),
        (SOLD + "seats = { min = 5, max = 4 }", "seats: max must not be less than min"),
        (SOLD + "seats = { least = 5 }", "seats.least: is not a setting of a catalogue"),
        ('kind = "contact"\nseats = {}', "seats: a plan of kind contact is not bought, so it has none"),
        (SOLD + 'trial_days = 7\ntrial_card = "maybe"', "trial_card: must be one of: required, optional"),
        (SOLD + "trial_days = 7\ntrial_end = true", "trial_end: must be one of: cancel, pause, invoice"),
        (SOLD + 'trial_end = "pause"', "trial_end: the plan has no trial; set trial_days too"),
        (
            'kind = "free"\ntrial_card = "optional"',
            "trial_card: a plan of kind free is not bought, so it has none",
        ),
        (SOLD + 'cancel = "now"', "cancel: must be one of: period_end, immediate"),
        (SOLD + 'cancel = "immediate"\ncancel_refund = 1', "cancel_refund: must be one of: none, credit, refund"),
        (
            SOLD + 'cancel_refund = "credit"',
            'cancel_refund: needs cancel = "immediate"; what ends with its period has no unused time',
        ),
    ],
)
def test_what_is_wrong_with_terms_is_said_with_its_place(written: Written, lines: str, problem: str) -> None:
    with pytest.raises(BadCatalog) as refused:
        read(written(plan(lines)))
    assert f'plans[3] "team": {problem}' in refused.value.problems


def test_the_file_in_the_documents_is_a_catalogue(written: Written) -> None:
    shown = (ROOT / "docs/catalogue.md").read_text().split("```toml\n")[1].split("```")[0]
    team = read(written(shown)).plans[1]
    assert (team.trial_end, team.seats_max, team.cancel_refund) == ("pause", 50, "credit")


def test_the_terms_of_a_plan_are_known(loaded: Loaded, current: Current) -> None:
    loaded(WITH_TERMS)
    assert terms(current()) == (7, "optional", "pause", 2, 9, "immediate", "credit")


def test_changed_terms_are_said_in_lines(loaded: Loaded) -> None:
    loaded(SMALL)
    assert loaded(WITH_TERMS) == [
        '~ plan     solo: trial days 0 → 7, trial card "required" → "optional", trial end "cancel" → "pause", '
        'seats min none → 2, seats max none → 9, cancel "period_end" → "immediate", cancel refund "none" → "credit"'
    ]
    assert loaded(WITH_TERMS.replace(", max = 9", "")) == ["~ plan     solo: seats max 9 → none"]
    assert loaded(WITH_TERMS.replace(", max = 9", "")) == []


def test_an_archived_plan_keeps_its_terms(loaded: Loaded, current: Current) -> None:
    loaded(WITH_TERMS)
    before = terms(current())
    loaded("chat")
    assert terms(current()) == before
