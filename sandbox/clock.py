"""Virtual time: machine time plus an offset, and the one place that turns it.

The clock runs. Advancing adds to the offset after everything that falls due on the way was done in order, each deed at
its own instant, so one jump and many small steps leave the same state.
Simplification: time-driven deeds are checked once a second, so they may come up to a second late when nobody advances.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sandbox import cycle
from sandbox.store import Key, Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

RECORD = ("_clock", "global")
MOST_AT_ONCE = 20
"""How many deeds one record may have at the same instant."""


class Clock:
    """The global clock of a sandbox and its agenda."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._frozen: int | None = None
        self._agenda = Agenda(box)
        box.store.watchers.append(self._agenda.watch)

    def now(self) -> int:
        """Virtual unix seconds; while a due deed is done, the instant at which it was due."""
        return self._frozen if self._frozen is not None else int(time.time()) + self._offset

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
        with self._box.lock:
            entry = self._agenda.first()
            return entry[0] if entry else None

    def advance(self, to: int) -> int:
        """Do everything that is due until ``to``, then let it be that instant; answers how many events that made.

        Going back is refused with ValueError.
        """
        with self._box.lock:
            if to < self.now():
                raise ValueError("the clock only goes forward")
            before = self._box.store.count("event")
            self._run_until(to)
            with self._box.transaction():
                self.set(to)
            return self._box.store.count("event") - before

    def run_due(self) -> None:
        """Do what fell due while the clock ran by itself."""
        with self._box.lock:
            self._run_until(self.now())

    @contextmanager
    def at(self, instant: int) -> Iterator[None]:
        """Let it be ``instant`` for the block."""
        before, self._frozen = self._frozen, instant
        try:
            yield
        finally:
            self._frozen = before

    def forget(self) -> None:
        """Drop the agenda; the store was cleared."""
        self._agenda.clear()

    @property
    def _offset(self) -> int:
        record = self._box.store.get(*RECORD)
        return record["offset"] if record else 0

    def _run_until(self, to: int) -> None:
        while (entry := self._agenda.first()) and entry[0] <= to:
            due, key = entry
            with self._box.transaction(), self.at(max(due, min(self.now(), to))):
                if due > int(time.time()) + self._offset:
                    self.set(due)  # so that a crash in mid-advance never leaves records of the future behind
                cycle.run(self._box, self._box.store.need(*key))
            self._agenda.done(key, due)


class Agenda:
    """Which record is due when: a heap whose outdated entries are skipped."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._heap: list[tuple[int, int, Key]] = []
        self._due: dict[Key, int] = {}
        self._changed: dict[Key, None] = {}
        self._order = itertools.count()
        self._latest: tuple[tuple[Key, int] | None, int] = (None, 0)

    def watch(self, record: Record) -> None:
        """Note that a record was written; its due time is worked out when somebody asks."""
        if record["object"] in cycle.TIMED:
            self._changed[(record["object"], record["id"])] = None

    def first(self) -> tuple[int, Key] | None:
        self._plan_changed()
        while self._heap:
            due, _, key = self._heap[0]
            if self._due.get(key) == due:
                return due, key
            heapq.heappop(self._heap)
        return None

    def clear(self) -> None:
        self._heap.clear()
        self._due.clear()
        self._changed.clear()

    def done(self, key: Key, due: int) -> None:
        """A deed must move its record on, or the clock would stand still for ever."""
        repeated, times = self._latest
        times = times + 1 if repeated == (key, due) else 1
        if times > MOST_AT_ONCE:
            raise RuntimeError(f"{key} is due at {due} again and again")
        self._latest = ((key, due), times)

    def _plan_changed(self) -> None:
        for key in self._changed:
            record = self._box.store.get(*key)
            due = cycle.due_at(record) if record else None
            if due is None:
                self._due.pop(key, None)
            elif self._due.get(key) != due:
                self._due[key] = due
                heapq.heappush(self._heap, (due, next(self._order), key))
        self._changed.clear()
