"""What time does to deliveries of webhooks: those that wait for the clock leave when it has come so far."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox
    from sandbox.cycle import Deed


def deeds(delivery: Record) -> Iterator[tuple[int, Deed]]:
    """What will happen to a delivery by itself, and when."""
    if delivery["status"] == "waiting":
        yield delivery["due"], _send


def _send(box: Sandbox, delivery: Record) -> None:
    box.store.update(delivery, status="pending", next_at=time.time())
