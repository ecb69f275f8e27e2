"""The portal as it runs in production, in processes of its own that can be killed and frozen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.house import House, running


@pytest.fixture(scope="session")
def house(home: Path) -> Iterator[House]:
    """Everything running, with the catalogue loaded and nobody in it."""
    with running(home / "house") as house:
        yield house
