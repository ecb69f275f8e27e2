"""Stripe's client for Node, with types and defaults of its own, lives through a year (``node/year.mjs``).

It is installed by ``node/package-lock.json`` once, below ``.test/``; without Node or the registry the test is skipped.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "node"
INSTALL = (
    "npm",
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--fetch-retries=0",
    "--fetch-timeout=20000",
)
UNREACHABLE = ("EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "EIDLETIMEOUT", "ENETUNREACH", "ENOTFOUND", "ETIMEDOUT")


@pytest.fixture
def program() -> Path:
    """The script, beside its dependencies."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not found")
    lock = HERE / "package-lock.json"
    home = Path(".test").resolve() / f"node-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not home.exists():
        _install(home)
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, home)
    return home / "year.mjs"


def test_a_year_in_the_life_of_a_customer_goes_without_an_error(url, program):
    told = subprocess.run(["node", program, url], capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 0, told.stderr


def _install(home: Path) -> None:
    home.parent.mkdir(exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=home.parent))
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, draft)
    done = subprocess.run(INSTALL, cwd=draft, capture_output=True, text=True, timeout=120, check=False)
    if any(code in done.stderr for code in UNREACHABLE):
        shutil.rmtree(draft)
        pytest.skip("the registry of npm cannot be reached")
    assert done.returncode == 0, done.stderr
    # Whole or not at all; who comes second finds it there.
    try:
        os.replace(draft, home)
    except OSError:
        shutil.rmtree(draft)
