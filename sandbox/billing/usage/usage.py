"""What meters counted, by meter and customer: exact sums of any stretch of time without looking at every event.

The events themselves are records of the store; this index follows them through its watchers, rollbacks included.
Simplification: events count at once (Stripe aggregates with a delay), and by the moment they name.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.store import Record, Store

if TYPE_CHECKING:
    from sandbox.core import Sandbox

EVENT = "_meter_event"
PLACES = 12
"""The decimal places a value may have; sums are kept as integers of that unit."""


class Tally:
    """The events of one meter and customer in the order of the moments they name; of equals, as they came."""

    def __init__(self) -> None:
        self._events: list[Record] = []
        self._moments: list[int] = []
        self._sums = [0]
        """``_sums[n]`` is the sum of the first n values; those after a change are worked out when somebody asks."""

    def add(self, event: Record) -> None:
        place = bisect_right(self._moments, event["timestamp"])
        self._moments.insert(place, event["timestamp"])
        self._events.insert(place, event)
        del self._sums[place + 1 :]

    def remove(self, event: Record) -> None:
        place = self._events.index(event, bisect_left(self._moments, event["timestamp"]))
        del self._moments[place], self._events[place], self._sums[place + 1 :]

    def total(self, start: int, end: int) -> Decimal:
        """The sum of the values in [start, end)."""
        first, after = bisect_left(self._moments, start), bisect_left(self._moments, end)
        for event in self._events[len(self._sums) - 1 : after]:
            self._sums.append(self._sums[-1] + int(Decimal(event["value"]).scaleb(PLACES)))
        return Decimal(self._sums[after] - self._sums[first]).scaleb(-PLACES)

    def latest(self, start: int, end: int) -> Record | None:
        """The last event in [start, end)."""
        after = bisect_left(self._moments, end)
        return self._events[after - 1] if after and self._moments[after - 1] >= start else None


class Usage:
    """Finds meter events by identifier and by meter, customer and time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.forget()
        store.watchers.append(self._watch)

    def forget(self) -> None:
        """Start anew; the store was cleared."""
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._counted: set[str] = set()
        self._identified: dict[str, Record] = {}

    def identified(self, identifier: str) -> Record | None:
        """The latest event with that identifier."""
        return self._identified.get(identifier)

    def tally(self, meter: str, customer: str) -> Tally:
        return self._tallies.get((meter, customer)) or Tally()

    def _watch(self, record: Record) -> None:
        if record["object"] != EVENT:
            return
        id = record["id"]
        exists = self._store.get(EVENT, id) is not None
        if exists:
            self._identified[record["identifier"]] = record
        elif self._identified.get(record["identifier"]) is record:
            del self._identified[record["identifier"]]
        counts = exists and record["counts"]
        tally = self._tallies.setdefault((record["meter"], record["customer"]), Tally())
        if counts and id not in self._counted:
            self._counted.add(id)
            tally.add(record)
        elif not counts and id in self._counted:
            self._counted.discard(id)
            tally.remove(record)


def measured(box: Sandbox, meter: Record, customer: str, start: int, end: int) -> Decimal:
    """The usage in [start, end), negative when corrections outweigh it."""
    tally = box.usage.tally(meter["id"], customer)
    if meter["default_aggregation"]["formula"] == "last":
        latest = tally.latest(start, end)
        return Decimal(latest["value"]) if latest else Decimal(0)
    return tally.total(start, end)


def billable(box: Sandbox, price: Record, customer: str, start: int, end: int) -> Decimal:
    """The quantity a metered price is billed with: never less than nothing, and without needless zeros."""
    used = max(
        measured(box, box.store.need("billing.meter", price["recurring"]["meter"]), customer, start, end), Decimal(0)
    )
    return used.quantize(Decimal(1)) if used == used.to_integral_value() else used.normalize()
