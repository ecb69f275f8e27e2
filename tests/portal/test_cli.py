"""The console script: quick to help, clear when it refuses."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from portal.cli import COMMANDS, portal


def test_help_names_every_command() -> None:
    answer = CliRunner().invoke(portal, ["--help"])
    assert answer.exit_code == 0
    assert all(name in answer.output for name in COMMANDS)


def test_help_does_not_wait_for_the_application() -> None:
    program = (
        "import sys, portal.cli; sys.exit(any(m in sys.modules for m in ('app', 'flask', 'sqlalchemy', 'stripe')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_explains_itself(name: str) -> None:
    assert CliRunner().invoke(portal, [name, "--help"]).exit_code == 0


def test_an_unknown_command_is_refused() -> None:
    assert CliRunner().invoke(portal, ["fly"]).exit_code == 2


def test_wrong_settings_are_refused_in_one_line_each() -> None:
    command = [sys.executable, "-c", "from portal.cli import main; main()", "web"]
    answer = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "DATABASE_URL: is not set" in answer.stderr.splitlines()
    assert "Traceback" not in answer.stderr
