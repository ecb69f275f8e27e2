"""A supervisor, and a family of processes that does all it can to get away from it."""

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.services.child import Child
from portal.services.supervisor import Supervisor

# A program with a child like a web server's worker, one in its own group like RQ's work-horse, one in its own session like a
# backend of PostgreSQL, and one that has cut all ties (double fork). With the program itself that makes five.
FAMILY = """
import os, subprocess, time
sleep = ["sleep", "600"]
subprocess.Popen(sleep)
subprocess.Popen(sleep, process_group=0)
subprocess.Popen(sleep, start_new_session=True)
subprocess.Popen(["sh", "-c", "sleep 600 &"], start_new_session=True).wait()
time.sleep(600)
"""
FAMILY_SIZE = 5 + 1  # and their leash


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path / "logs") as supervisor:
        yield supervisor


@pytest.fixture
def family() -> str:
    """The mark by which a family is recognized among all processes of the machine."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"


@pytest.fixture
def family_child(family: str) -> Child:
    # process_group= of subprocess came with Python 3.11, the oldest one supported
    return Child(name="family", command=[sys.executable, "-c", FAMILY], env={"FAMILY": family})


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Child]:
    """Makes a child from a line of shell."""

    def make(name: str, line: str, **options: object) -> Child:
        return Child(name=name, command=["/bin/sh", "-c", line], cwd=tmp_path, **options)  # type: ignore[arg-type]

    return make
