"""A tenth of the fault suite, with the same houses, rows and oracles. `make faults` runs it all."""

import pytest

import faults.rows  # noqa: F401 - fills the book
from faults.case import BOOK
from faults.house import House
from faults.runner import run


@pytest.mark.parametrize("number", ["F05"])
def test_the_portal_keeps_its_word_while(number: str, house: House):
    outcome = run(BOOK[number], seed=1, house=house)
    assert not outcome.problems, "\n".join([f"{number}, seed {outcome.seed}: {outcome.row.title}", *outcome.problems])
