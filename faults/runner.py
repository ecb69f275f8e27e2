"""Run rows: play the fault, wait until all is quiet, ask the oracles."""

import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import requests

from faults import logs, oracles
from faults.case import Case, Row
from faults.house import House
from portal.services.child import ServiceError


@dataclass(frozen=True)
class Outcome:
    """What came of one row with one seed. `problems` is empty when all promises held; seconds of machine time."""

    row: Row
    seed: int
    problems: list[str]
    notes: list[str]
    recovery: float | None
    took: float


def run(row: Row, seed: int, house: House) -> Outcome:
    """Play one row in a running house, which is then as whole as before, unless there are problems."""
    began, since, case = time.monotonic(), logs.mark(house), Case(row, house, seed)
    try:
        row.play(case)
    except (AssertionError, ServiceError, requests.RequestException) as error:
        where = traceback.extract_tb(error.__traceback__)
        line = next((f"{frame.name}, line {frame.lineno}" for frame in where if "/rows/" in frame.filename), "")
        case.problems.append(f"{type(error).__name__}: {str(error)[:300]} ({line})")
    finally:
        house.restore()
    if case.recovery is None or case.is_over or case.problems:
        case.settle()
    if case.recovery is not None and case.recovery > row.limit:
        case.problems.append(f"recovery took {case.recovery:.0f} s")
    case.problems += oracles.ask_all(case, since)
    return Outcome(row, seed, case.problems, case.notes, case.recovery, time.monotonic() - began)


def run_all(
    rows: Iterable[Row], seeds: Iterable[int], new_house: Callable[[], AbstractContextManager[House]]
) -> Iterator[Outcome]:
    """Play every row with every seed, all in one house; after a row with problems the next ones get a new house."""
    waiting = [(row, seed) for row in rows for seed in seeds]
    while waiting:
        with new_house() as house:
            while waiting:
                outcome = run(*waiting.pop(0), house)
                yield outcome
                if outcome.problems:
                    break
