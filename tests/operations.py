"""Which of Stripe's operations the tests exercised: a line at the end of the run, and a failure when a whole run missed some."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import requests

EXERCISED = pytest.StashKey[Counter[str]]()
PLAYED = pytest.StashKey[set[str]]()


@pytest.fixture(scope="session")
def collect_operations(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Ask a sandbox (by its address) that is about to stop what was asked of it."""

    def collect(sandbox_url: str) -> None:
        answer = requests.get(f"{sandbox_url}/_sandbox/operations", timeout=10).json()
        _add(pytestconfig, answer["data"], answer["played"])

    return collect


def pytest_configure(config: pytest.Config) -> None:
    config.stash[EXERCISED] = Counter()
    config.stash[PLAYED] = set()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker of pytest-xdist has ended and hands over what it collected."""
    output = getattr(node, "workeroutput", {})
    _add(node.config, output.get("exercised", {}), output.get("played", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output.update(exercised=dict(config.stash[EXERCISED]), played=sorted(config.stash[PLAYED]))
    elif _is_whole(config) and _missed(config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    played, missed = config.stash[PLAYED], _missed(config)
    if not played:
        return
    times = config.stash[EXERCISED].total()
    terminalreporter.section("Stripe's operations")
    terminalreporter.line(f"{len(played) - len(missed)} of {len(played)} exercised, {times} times")
    if _is_whole(config):
        for line in missed:
            terminalreporter.line(f"never exercised: {line}", red=True)


def _add(config: pytest.Config, exercised: dict[str, int], played: Iterable[str]) -> None:
    config.stash[EXERCISED].update(exercised)
    config.stash[PLAYED].update(played)


def _missed(config: pytest.Config) -> list[str]:
    return sorted(config.stash[PLAYED] - set(config.stash[EXERCISED]))


def _is_whole(config: pytest.Config) -> bool:
    """Whether nothing was picked out on the command line."""
    picked = ("keyword", "markexpr", "deselect", "lf", "maxfail")
    return config.args == config.getini("testpaths") and not any(config.getoption(name) for name in picked)
