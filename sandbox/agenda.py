"""Which record is due when: a heap per clock, whose outdated entries are skipped."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

from sandbox import cycle, ownership
from sandbox.store import Key, Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

MOST_AT_ONCE = 20
"""How many deeds one record may have at the same instant."""

Place = tuple[str | None, int]
"""The test clock a record lives by, None for the sandbox's own; and when its next deed is due."""


class Agenda:
    """All that will happen by itself."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._heaps: dict[str | None, list[tuple[int, int, Key]]] = {}
        self._places: dict[Key, Place] = {}
        self._changed: dict[Key, None] = {}
        self._order = itertools.count()
        self._latest: tuple[tuple[Key, int] | None, int] = (None, 0)

    def watch(self, record: Record) -> None:
        """Note that a record was written; its due time is worked out when somebody asks."""
        if record["object"] in cycle.TIMED:
            self._changed[(record["object"], record["id"])] = None

    def first(self, test_clock: str | None = None) -> tuple[int, Key] | None:
        """When something is due next by this clock, and what."""
        with self._box.reading:
            self._plan_changed()
            heap = self._heaps.get(test_clock, [])
            while heap:
                due, _, key = heap[0]
                if self._places.get(key) == (test_clock, due):
                    return due, key
                heapq.heappop(heap)
            return None

    def coming(self, limit: int) -> list[tuple[int, Key, str | None]]:
        """What is due next by any clock: when, what, and by which test clock."""
        with self._box.reading:
            self._plan_changed()
            entries = ((due, key, clock) for key, (clock, due) in self._places.items())
            return heapq.nsmallest(limit, entries, key=lambda entry: entry[0])

    def clear(self) -> None:
        self._heaps = {}
        self._places = {}
        self._changed = {}

    def done(self, key: Key, due: int) -> None:
        """A deed must move its record on, or the clock would stand still for ever."""
        repeated, times = self._latest
        times = times + 1 if repeated == (key, due) else 1
        if times > MOST_AT_ONCE:
            raise RuntimeError(f"{key} is due at {due} again and again")
        self._latest = ((key, due), times)

    def set_aside(self, key: Key) -> None:
        """Let a record wait until it is written again."""
        self._plan_changed()
        self._places.pop(key, None)

    def _plan_changed(self) -> None:
        for key in self._changed:
            record = self._box.store.get(*key)
            due = cycle.due_at(record) if record else None
            if record is None or due is None:
                self._places.pop(key, None)
                continue
            place = (ownership.test_clock_of(self._box, record), due)
            if self._places.get(key) != place:
                self._places[key] = place
                heapq.heappush(self._heaps.setdefault(place[0], []), (due, next(self._order), key))
        self._changed.clear()
