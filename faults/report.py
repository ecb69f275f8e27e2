"""The table: printed as it grows, and written to docs/reliability.md."""

import re
from collections.abc import Sequence
from pathlib import Path

from faults.runner import Outcome


def order(number: str) -> tuple[int, str]:
    """Sorts F05 before F44 and F44 before F44b."""
    digits = re.sub(r"\D", "", number)
    return int(digits or 0), number


def show(outcome: Outcome) -> None:
    """One line, and one more for each problem."""
    verdict = "FAILED" if outcome.problems else "held"
    recovery = "" if outcome.recovery is None else f"{outcome.recovery:5.1f} s"
    notes = f"  ({'; '.join(outcome.notes)})" if outcome.notes else ""
    row = outcome.row
    print(
        f"{row.number:<6} seed {outcome.seed:<4} {verdict:<7} {recovery:>8}  {row.title}{notes}  [{outcome.took:.0f} s]",
        flush=True,
    )
    for problem in outcome.problems:
        print(f"         {problem}", flush=True)


def write(outcomes: Sequence[Outcome], file: Path) -> None:
    """Replace the document."""
    file.write_text(str(outcomes))
