"""A copy of the portal in which one line can be changed and one test run."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.house import ROOT
from tests.mutants.table import Mutant

NEEDED = ("app", "worker", "portal", "sandbox", "migrations", "templates", "static", "tests", "pyproject.toml")
TIMEOUT_SECONDS = 300


@contextmanager
def copied() -> Iterator[Path]:
    """The place of the copy, gone afterwards. Its path is short, since PostgreSQL and Redis make sockets below it."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as place:
        for name in NEEDED:
            source, target = ROOT / name, Path(place) / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        yield Path(place)


def turns_red(place: Path, mutant: Mutant) -> bool:
    """Whether its test fails in the copy with its line changed. RuntimeError when it cannot be run at all."""
    file = place / mutant.file
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace(mutant.text, mutant.instead), encoding="utf-8")
    try:
        ended = _run(place, mutant.red)
    finally:
        file.write_text(before, encoding="utf-8")
    if ended.returncode not in {0, 1} or " error" in ended.stdout.splitlines()[-1]:
        raise RuntimeError(f"{mutant.red} does not run: {ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    return ended.returncode == 1


def _run(place: Path, test: str) -> subprocess.CompletedProcess[str]:
    # This run's own place among the workers is none of the other's business.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {"PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", "-p", "no:cacheprovider", test]
    return subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
