"""Advancing test clocks: in the background, deed by deed, each in a transaction of its own at its own instant.

What is under way survives a restart: a clock that was advancing goes on.
Assumptions: while a clock advances its ``frozen_time`` is the instant it has reached; events about a clock carry its own
time; a deed that fails leaves it where it was, with ``internal_failure``.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from sandbox.errors import invalid
from sandbox.ownership import TEST_CLOCK
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


class Mover:
    """Moves all test clocks that are advancing, one after the other."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._thread: threading.Thread | None = None
        self._stopped = False

    def wake(self) -> None:
        """Begin to move, if some clock is advancing and nobody moves it yet. Call it with the sandbox's lock."""
        if self._advancing() is not None and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="test clocks", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Leave what is not done for the next start."""
        self._stopped = True

    def _run(self) -> None:
        while self._step():
            pass

    def _step(self) -> bool:
        """One deed of one clock; False when there is nothing more to do."""
        with self._box.lock:
            test_clock = self._advancing()
            if test_clock is None or self._stopped:
                self._thread = None
                return False
            try:
                move(self._box, test_clock)
            except Exception:
                logging.getLogger(__name__).exception("test clock %s could not be advanced", test_clock["id"])
                self._box.observation.violation(
                    test_clock["id"], ["advancing failed; the sandbox's log has the traceback"]
                )
                _settle(self._box, test_clock, "internal_failure")
            return True

    def _advancing(self) -> Record | None:
        return next((one for one in self._box.store.list(TEST_CLOCK) if one["status"] == "advancing"), None)


def move(box: Sandbox, test_clock: Record) -> None:
    """Do what an advancing clock has next, or arrive."""
    target = test_clock["status_details"]["advancing"]["target_frozen_time"]
    if not box.clock.run_next(test_clock, target):
        _settle(box, test_clock, "ready", frozen_time=target)


def refuse_while_advancing(box: Sandbox, test_clock: str | None) -> None:
    """Nobody may change the objects of a clock that is on its way."""
    found = box.store.get(TEST_CLOCK, test_clock) if test_clock else None
    if found and found["status"] == "advancing":
        raise invalid("Test clock advancement underway - cannot perform modifications until complete.")


def _settle(box: Sandbox, test_clock: Record, status: str, **changes: int) -> None:
    with box.transaction():
        box.store.update(test_clock, status=status, status_details={}, **changes)
        with box.clock.of(test_clock["id"]):
            box.events.record(f"{TEST_CLOCK}.{status}", test_clock)
