"""A tenth of the fault suite, with the same house, rows and oracles. `make faults` runs it all."""

from dataclasses import replace

import pytest

import faults.rows  # noqa: F401 - fills the book
from faults.case import BOOK, PATIENCE_SECONDS
from faults.house import House
from faults.runner import run

QUICK = ("F02", "F05", "F07", "F08")
SEED = 1


@pytest.mark.parametrize("number", QUICK)
def test_the_portal_keeps_its_word_through(number: str, house: House):
    unhurried = replace(
        BOOK[number], limit=PATIENCE_SECONDS
    )  # how fast it is back depends on what else this machine does
    outcome = run(unhurried, SEED, house)
    assert not outcome.problems, "\n".join([f"{number}, seed {SEED}: {outcome.row.title}", *outcome.problems])
