"""The list of mutants stays true, and the four that matter most are noticed in every run; `make mutants` tries them all."""

import re

from tests.house import ROOT, hold, text
from tests.mutants.copy import copied, turns_red
from tests.mutants.table import MUTANTS

ALWAYS_TRIED = (
    "a claim is finished by its owner only",
    "the table has an event once",
    "the object lease is taken before the fetch",
    "an invoice is its organization's",
)


def test_what_is_taken_out_stands_once_in_its_file() -> None:
    reason = "The code moved on: let the mutant say what the line looks like today."
    hold(reason, (f"{one.file}: {one.guards}" for one in MUTANTS if text(ROOT / one.file).count(one.text) != 1))


def test_the_test_that_turns_red_exists() -> None:
    reason = "The test was renamed or moved: name the one that notices."
    hold(reason, (one.red for one in MUTANTS if not _exists(one.red)))


def _exists(test: str) -> bool:
    file, name = test.split("::")
    return (ROOT / file).exists() and re.search(rf"^def {name}\(", text(ROOT / file), re.MULTILINE) is not None


def test_no_two_guard_the_same() -> None:
    assert len({one.guards for one in MUTANTS}) == len(MUTANTS)


def test_what_matters_most_is_noticed() -> None:
    tried = [one for one in MUTANTS if one.guards in ALWAYS_TRIED]
    assert len(tried) == len(ALWAYS_TRIED)
    with copied() as place:
        assert [one.guards for one in tried if not turns_red(place, one)] == []
