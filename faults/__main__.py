"""``python -m faults``: see ``--help``."""

import argparse
import signal
import sys
import tempfile
from functools import partial
from pathlib import Path

import faults.rows as _all_of_them  # noqa: F401 - fills the book
from faults import report
from faults.case import BOOK
from faults.house import running
from faults.runner import run_all
from portal.services.child import ServiceError


def main() -> int:
    """Run the rows asked for; answers 1 when one has problems."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through every `with`, so that nothing is left behind
    chosen = [BOOK[number] for number in _numbers(options.rows)]
    seeds = [options.seed] if options.seed is not None else list(range(1, options.seeds + 1))
    with tempfile.TemporaryDirectory(prefix="counterfoil-faults-") as place:
        home = Path(place)
        home.chmod(0o755)  # PostgreSQL may have to run as somebody else
        outcomes = []
        for outcome in run_all(chosen, seeds, partial(running, home / "house")):
            outcomes.append(outcome)
            report.show(outcome)
            if options.write:  # as it grows: a run that is stopped has told something, too
                report.write(outcomes, Path("docs/reliability.md"))
    return 1 if any(outcome.problems for outcome in outcomes) else 0


def _numbers(words: str) -> list[str]:
    return words.split(",") if words else sorted(BOOK, key=report.order)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m faults", description="Break the portal and see whether it keeps its word."
    )
    parser.add_argument("--rows", default="", metavar="F01,F05", help="all of them without it")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds per row (default: 1)")
    parser.add_argument("--seed", type=int, help="this one only, as printed with a failure")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ServiceError as error:
        sys.exit(str(error))
