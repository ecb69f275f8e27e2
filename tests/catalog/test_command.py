from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select

from app.catalog.models import Plan
from app.core.extensions import db
from portal.catalog import catalog
from portal.demo.stack import Stack
from tests.helpers import Sandbox

from .conftest import SMALL

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`portal catalog …` with the settings of this test."""
    for name, value in (stack.environment() | {"LOG_LEVEL": "warning"}).items():
        monkeypatch.setenv(name, value)

    def invoke(*words: object, answer: str | None = None) -> Result:
        result = CliRunner().invoke(catalog, [str(word) for word in words], input=answer)
        db.session.rollback()
        return result

    return invoke


def plans() -> int:
    return db.session.scalar(select(func.count()).select_from(Plan)) or 0


def test_loading_a_preset_shows_the_changes_and_writes_them(run: Run) -> None:
    result = run("load", "nexus", "--yes")
    assert result.exit_code == 0
    assert '+ plan     growth: "Growth"' in result.output
    assert "+ price    growth.month.usd: $99.00" in result.output
    assert result.output.endswith("Loaded: 5 plans, 7 meters.\n")
    assert plans() == 5


def test_a_second_time_says_that_there_is_nothing_to_do(run: Run) -> None:
    run("load", "chat", "--yes")
    result = run("load", "chat")
    assert (result.exit_code, result.output) == (0, "No changes.\n")


def test_without_a_yes_nothing_is_written(run: Run, sandbox: Sandbox) -> None:
    result = run("load", "chat", answer="n\n")
    assert result.exit_code == 1
    assert (plans(), sandbox.objects("products")) == (0, [])


def test_a_yes_at_the_terminal_is_enough(run: Run) -> None:
    assert run("load", "chat", answer="y\n").exit_code == 0
    assert plans() == 3


def test_a_bad_file_is_refused_with_every_problem_and_writes_nothing(
    run: Run, sandbox: Sandbox, written: Callable[[str], Path]
) -> None:
    bad = SMALL.replace("month = 1000", "month = 10.5").replace('name = "Free"', 'naem = "Free"')
    result = run("load", written(bad), "--yes")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        'plans[1] "free": name: is missing',
        'plans[1] "free": naem: is not a setting of a catalogue',
        'plans[2] "solo": prices.usd.month: must be a whole number of minor units, such as 2900 for $29.00',
    ]
    assert (plans(), sandbox.objects("products")) == (0, [])


def test_showing_prints_the_plans_with_prices_and_limits(run: Run) -> None:
    assert run("show").output == "No catalogue is loaded. Presets: agents, chat, nexus, uxflow.\n"
    run("load", "nexus", "--yes")
    lines = run("show").output.splitlines()
    assert "Growth (growth): $99.00 a month, $990.00 a year, €99.00 a month, €990.00 a year" in lines
    assert "    5,000 AI generations, then $0.02 each" in lines
    assert "Enterprise (enterprise): contact" in lines
