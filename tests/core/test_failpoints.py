"""Places where a process is made to fail: by a file, once, and only while somebody watches a directory."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import failpoints
from app.core.failpoints import FailpointError, failpoint


@pytest.fixture
def switches(tmp_path: Path) -> Iterator[Path]:
    failpoints.watch(tmp_path)
    yield tmp_path
    failpoints.watch(None)


def test_an_armed_point_fails_once(switches: Path):
    (switches / "handler_mid").write_text("raise")
    with pytest.raises(FailpointError):
        failpoint("handler_mid")
    failpoint("handler_mid")


def test_others_are_not_armed_with_it(switches: Path):
    (switches / "handler_mid").write_text("raise")
    failpoint("before_mail")
    assert (switches / "handler_mid").exists()


def test_a_point_that_nobody_knows_is_a_mistake(switches: Path):
    with pytest.raises(ValueError, match="no failpoint"):
        failpoint("handler_middle")


def test_nothing_happens_while_nobody_watches(switches: Path):
    (switches / "handler_mid").write_text("raise")
    failpoints.watch(None)
    failpoint("handler_mid")
    assert (switches / "handler_mid").exists()


def test_a_process_kills_itself(tmp_path: Path):
    (tmp_path / "before_mail").write_text("kill")
    program = f"""
from pathlib import Path
from app.core import failpoints
failpoints.watch(Path({str(tmp_path)!r}))
failpoints.failpoint("before_mail")
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
