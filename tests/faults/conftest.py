"""The portal as it runs in production, in processes of its own that can be killed and frozen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.demo.command import erase, migrate_and_load
from portal.demo.stack import Stack
from portal.services.ports import free_port
from portal.services.supervisor import Supervisor


class Running(Supervisor):
    """A supervisor that also knows what it runs."""

    stack: Stack


@pytest.fixture(scope="session")
def running(home: Path) -> Iterator[Running]:
    """Web, worker, documents and clock over their own services, with the catalogue loaded and nobody in it."""
    erase(home / "running")
    stack = Stack(home / "running", free_port(), durable=False)
    with Running(stack.home / "logs") as supervisor:
        supervisor.stack = stack
        supervisor.start(*stack.services())
        migrate_and_load(stack)
        supervisor.start(*stack.portal())
        yield supervisor
