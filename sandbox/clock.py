"""Virtual time: machine time plus an offset, and the one place that turns it.

The clock runs. Advancing adds to the offset after everything that falls due on the way was done in order, each deed at
its own instant, so one jump and many small steps leave the same state. Customers of a test clock live by that one instead,
which stands still: see :mod:`sandbox.timed.test_clocks`.
Simplification: time-driven deeds are checked once a second, so they may come up to a second late when nobody advances.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sandbox import cycle, ownership
from sandbox.agenda import Agenda
from sandbox.store import Key, Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

RECORD = ("_clock", "global")
LATE = 5
"""Seconds after which a deed is late not because it is checked for once a second, but because the machine slept."""


class Clock:
    """The global clock of a sandbox and its agenda."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._block = threading.local()
        self._agenda = Agenda(box)
        self.advancing_to: int | None = None
        """The instant that somebody turns the clock to right now."""
        self._standing: int | None = None
        """Where the clock stands while it is turned: it does not run then, so that no deed comes a second late."""
        self._stopped = False
        box.store.watchers.append(self._agenda.watch)

    def now(self) -> int:
        """Virtual unix seconds: of the block this thread is in (:meth:`at`, :meth:`of`), otherwise of the global clock."""
        instant: int | None = getattr(self._block, "instant", None)
        return instant if instant is not None else self.global_now()

    def set(self, to: int) -> None:
        """Move to an instant without doing what is due on the way; meant for an empty store."""
        record = self._box.store.get(*RECORD)
        offset = to - int(time.time())
        if record is None:
            self._box.store.add({"object": RECORD[0], "id": RECORD[1], "offset": offset})
        else:
            self._box.store.update(record, offset=offset)

    def next_due(self) -> int | None:
        """When the next time-driven deed is due (it may be in the past by less than a second), or None."""
        entry = self._agenda.first()
        return entry[0] if entry else None

    def coming(self, limit: int) -> list[tuple[int, Key, str | None]]:
        """The next deeds by any clock: when each is due, on which record, and by which test clock (None: this one)."""
        return self._agenda.coming(limit)

    def global_now(self) -> int:
        """Virtual unix seconds of the sandbox's own clock, whatever block this thread is in."""
        standing = self._standing  # another thread may let it run again meanwhile
        return standing if standing is not None else int(time.time()) + self._offset

    def advance(self, to: int) -> int:
        """Do everything that is due until ``to``, then let it be that instant; answers how many events that made.

        Going back is refused with ValueError, and so is going on once the clock was stopped.
        """
        with self._box.lock:
            if to < self.now():
                raise ValueError("the clock only goes forward")
            before = self._box.store.count("event")
            self.advancing_to, self._standing = to, self.now()
            try:
                self._run_until(to)
                with self._box.transaction():
                    self.set(to)
            finally:
                self.advancing_to = self._standing = None
            return self._box.store.count("event") - before

    def run_due(self) -> None:
        """Do what fell due while the clock ran by itself; if the machine slept meanwhile, each deed at its own instant.

        What fails is told among the violations and left alone until its record is written again; the rest goes on.
        """
        with self._box.lock:
            now, entry = self.now(), self._agenda.first()
            slept = entry is not None and entry[0] < now - LATE
            while not self._stopped and (entry := self._agenda.first()) and entry[0] <= now:
                due, key = entry
                try:
                    self._do(key, due, due if slept else now)
                except Exception:
                    logging.getLogger(__name__).exception("what was due could not be done: %s", key)
                    self._box.observation.violation(f"clock: {key[0]} {key[1]}", ["what was due could not be done"])
                    self._agenda.set_aside(key)

    def run_next(self, test_clock: Record, until: int) -> bool:
        """Do the next thing that is due by a test clock and move it there; False if nothing is, until that instant."""
        entry = self._agenda.first(test_clock["id"])
        if entry is None or entry[0] > until:
            return False
        due, key = entry
        with self._box.transaction(), self.at(max(due, test_clock["frozen_time"])):
            self._box.store.update(test_clock, frozen_time=self.now())
            cycle.run(self._box, self._box.store.need(*key))
        self._agenda.done(key, due)
        return True

    @contextmanager
    def at(self, instant: int) -> Iterator[None]:
        """Let it be ``instant`` for the block."""
        before, self._block.instant = getattr(self._block, "instant", None), instant
        try:
            yield
        finally:
            self._block.instant = before

    @contextmanager
    def of(self, test_clock: str | None) -> Iterator[None]:
        """Let it be the instant at which that test clock stands; the global clock goes on if there is no such test clock."""
        found = self._box.store.get(ownership.TEST_CLOCK, test_clock) if test_clock else None
        if found is None:
            yield
        else:
            with self.at(found["frozen_time"]):
                yield

    def stop(self) -> None:
        """Leave everything that is due for the next start; who turns the clock now gets no further."""
        self._stopped = True

    def plan_anew(self) -> None:
        """Objects changed from one clock to another."""
        for object_type in cycle.TIMED:
            for record in self._box.store.list(object_type):
                self._agenda.watch(record)

    def forget(self) -> None:
        """Drop the agenda; the store was cleared."""
        self._agenda.clear()

    @property
    def _offset(self) -> int:
        record = self._box.store.get(*RECORD)
        return record["offset"] if record else 0

    def _run_until(self, to: int) -> None:
        while (entry := self._agenda.first()) and entry[0] <= to:
            if self._stopped:
                raise ValueError("the sandbox is closing, and its clock stays where it came to")
            (due, key), now = entry, self.now()
            self._do(key, due, max(due, now), moves=due > now)
            self._standing = max(due, now)  # told only now that it is kept

    def _do(self, key: Key, due: int, instant: int, *, moves: bool = False) -> None:
        """One deed at an instant. The clock ``moves`` there with it, so that a crash leaves no records of the future behind."""
        with self._box.transaction(), self.at(instant):
            if moves:
                self.set(instant)
            cycle.run(self._box, self._box.store.need(*key))
        self._agenda.done(key, due)
