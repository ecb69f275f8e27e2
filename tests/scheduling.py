"""Which worker does what: tests that share a running portal go to one worker, all else to whoever is free.

`--dist loadgroup` is meant for this, but pytest-xdist 3.8 writes the group where pytest 9.2 no longer reads it.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # ships no types

TOGETHER = ("tests/browser", "tests/faults")


class PortalsTogether(LoadScopeScheduling):  # type: ignore[misc]  # its base is Any
    """The largest group is handed out first, so that the journeys do not keep everybody waiting in the end."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> PortalsTogether:
    return PortalsTogether(config, log)
