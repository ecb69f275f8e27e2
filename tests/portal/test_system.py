"""What the machine lacks is said in one command."""

from pathlib import Path

import pytest

from portal.services.packages import command_for
from portal.services.system import PACKAGES, main, missing_libraries

NAMES = {"apt": "libpango-1.0-0", "dnf": "pango", "brew": "pango"}


@pytest.mark.parametrize(
    ("tool", "command"),
    [("dnf", "dnf install pango"), ("brew", "brew install pango"), ("apt-get", "apt-get install libpango-1.0-0")],
)
def test_the_command_to_type_fits_the_machine(
    tool: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / tool).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command_for(**NAMES).endswith(command)


def test_the_subsetting_library_is_among_what_gets_installed() -> None:
    assert "libharfbuzz-subset0" in PACKAGES["apt"].split()


def test_a_machine_that_has_all_passes_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert missing_libraries() == []
    assert main(["demo"]) == 0
    assert capsys.readouterr().out == ""
