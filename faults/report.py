"""The table: printed as it grows, and written to docs/reliability.md."""

import os
import platform
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from faults.case import BOOK, RECOVERY_SECONDS, Row
from faults.runner import Outcome

LIBRARIES = ("flask", "sqlalchemy", "psycopg", "rq", "stripe", "weasyprint")
MATRIX = {
    **{f"F{number:02d}": "" for number in (*range(1, 9), *range(10, 15), *range(17, 27), 29, *range(31, 62))},
    **{f"F{number}": "" for number in (67, 68, 69, 70)},
    "F44b": "",
    "F62": "there are no credits yet",
    "F63": "there are no credits yet",
    "E4": "",
}
"""What the suite is to have, and why it does not have it."""

HEAD = """# What survives what

`make faults` starts the portal's real processes (two web servers, two workers, one for documents, the clock) with PostgreSQL,
Redis, the sandbox and a mail catcher, breaks one thing after the other, and asks each time, once all is quiet: is every event that
was thanked for handled, was nobody charged twice, did every mail arrive once, does the portal show what is at Stripe, is nothing left
half done or locked, do the logs keep their mouths shut, is `/readyz` green? A row holds when all of it is so within {limit:.0f} seconds after
the end of the fault. `faults/__init__.py` tells how a row is written; `python -m faults --rows F06 --seed 3` repeats one.

{day}, {cores} cores, Python {python}, {libraries}: **{held} of {all} runs held**, {rows} rows.

| Row | What happens | Seeds | Outcome | Back within | |
| --- | --- | --- | --- | --- | --- |
"""


def order(number: str) -> tuple[str, int, str]:
    """Sorts E4 before F05 before F44 before F44b."""
    return number[0], int(re.sub(r"\D", "", number) or 0), number


def show(outcome: Outcome) -> None:
    """One line, and one more for each problem."""
    verdict = "FAILED" if outcome.problems else "held"
    recovery = "" if outcome.recovery is None else f"{outcome.recovery:.1f} s"
    notes = f" ({'; '.join(outcome.notes)})" if outcome.notes else ""
    row = outcome.row
    line = (
        f"{row.number:<5} seed {outcome.seed:<3} {verdict:<6} {recovery:>8}  {row.title}{notes}  [{outcome.took:.0f} s]"
    )
    print("\n".join([line, *(f"      {problem}" for problem in outcome.problems)]), flush=True)


def write(outcomes: Sequence[Outcome], file: Path) -> None:
    """Replace the document by one about these runs."""
    by_row: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_row.setdefault(outcome.row.number, []).append(outcome)
    numbers = sorted(by_row, key=order)
    head = HEAD.format(
        limit=RECOVERY_SECONDS,
        day=f"{datetime.now(UTC):%-d %B %Y}",
        cores=os.cpu_count(),
        python=platform.python_version(),
        libraries=", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        held=sum(not outcome.problems for outcome in outcomes),
        all=len(outcomes),
        rows=len(numbers),
    )
    lines = [_line(by_row[number][0].row, by_row[number]) for number in numbers]
    file.write_text(head + "\n".join(lines) + "\n" + _missing(set(by_row)))


def _line(row: Row, outcomes: Sequence[Outcome]) -> str:
    failed = [outcome for outcome in outcomes if outcome.problems]
    worst = max((outcome.recovery or 0.0 for outcome in outcomes), default=0.0)
    seeds = ", ".join(str(outcome.seed) for outcome in outcomes)
    outcome = f"**failed** with seed {', '.join(str(one.seed) for one in failed)}" if failed else "held"
    remarks = [*(one.problems[0] for one in failed), *(note for one in outcomes for note in one.notes)]
    return f"| {row.number} | {row.title} | {seeds} | {outcome} | {worst:.1f} s | {_cell(remarks)} |"


def _cell(remarks: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(remarks)).replace("|", "\\|")


def _unplayed(number: str) -> str:
    return "not in this run" if number in BOOK else "not written"


def _missing(played: set[str]) -> str:
    absent = [(number, why or _unplayed(number)) for number, why in MATRIX.items() if number not in played]
    if not absent:
        return ""
    lines = [f"| {number} | {why} |" for number, why in sorted(absent, key=lambda one: order(one[0]))]
    return "\n".join(["", "## Not run", "", "| Row | Why |", "| --- | --- |", *lines, ""])
