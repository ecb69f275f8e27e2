"""What faults do to the delivery of a webhook, decided when the event is recorded and before anything is sent.

Simplifications: a wrong signature and another shape are those of the first try only, so the retry brings the event right;
``reorder`` gathers deliveries to one endpoint until ``window`` of them wait or ``within`` seconds of machine time are over.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.chaos.plan import Fault
from sandbox.store import Record, Records, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

DAY = 86400
SPREAD = 1e-3
"""Within how many seconds the deliveries of one window leave, each at its rank."""

Place = tuple[int, str]
"""The index of a fault in its plan, and an endpoint."""


@dataclass(frozen=True)
class Window:
    """Deliveries that wait for others: when they leave at the latest (machine time), and the rank of each."""

    closes: float
    members: tuple[tuple[float, str], ...] = ()


class Alterations:
    """Alters deliveries that are not stored yet."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._open: dict[Place, Window] = {}

    def forget(self) -> None:
        """Let nobody join those who still wait."""
        self._open = {}

    def make(self, index: int, fault: Fault, deliveries: Records, rank: float) -> Records:
        """What a fault makes of these deliveries of one event to one endpoint; ``rank`` is its chance, 0 to 1."""
        for delivery in deliveries:
            delivery["faults"] = [*delivery.get("faults", ()), fault.kind]
        if fault.kind == "duplicate":
            copies = fault.settings["times"] - 1
            return [*deliveries, *({**one, "id": new_id("dlv")} for one in deliveries for _ in range(copies))]
        for position, delivery in enumerate(deliveries):
            if fault.kind == "reorder":
                self._join((index, delivery["endpoint"]), fault, delivery, rank + position * SPREAD)
            else:
                delivery.update(_changes(fault, delivery, self._box.clock.global_now()))
        return deliveries

    def _join(self, place: Place, fault: Fault, delivery: Record, rank: float) -> None:
        """Let a delivery wait with the others of its window; the last one to fit in sends them all off."""
        settings, window = fault.settings, self._open.get(place)
        if window is None or window.closes <= time.time():
            window = Window(time.time() + settings["within"])
        if settings["order"] == "reverse":
            rank = 1 - len(window.members) / settings["window"]
        window = Window(window.closes, (*window.members, (rank, delivery["id"])))
        delivery["next_at"] = window.closes + rank * SPREAD
        before = self._open
        self._box.store.on_rollback(lambda: setattr(self, "_open", before))
        if len(window.members) < settings["window"]:
            self._open = {**before, place: window}
            return
        self._open = {key: value for key, value in before.items() if key != place}
        self._send_off(window, delivery)

    def _send_off(self, window: Window, last: Record) -> None:
        now = time.time()
        for rank, id in window.members:
            stored = self._box.store.get("_delivery", id)
            if id == last["id"]:
                last["next_at"] = now + rank * SPREAD
            elif stored and stored["status"] == "pending" and not stored["tries"]:
                self._box.store.update(stored, next_at=now + rank * SPREAD)


def _changes(fault: Fault, delivery: Record, now: int) -> Record:
    """The fields of a delivery that a fault replaces; ``now`` by the sandbox's clock."""
    settings = fault.settings
    if fault.kind == "delay":
        return {"next_at": delivery["next_at"] + settings["seconds"]}
    if fault.kind == "late" and settings["how"] == "backdated":
        return {"backdated": int(settings["days"] * DAY)}
    changes: dict[str, Record] = {
        "drop": {"status": "dropped"},
        "hold": {"status": "held"},
        "late": {"status": "waiting", "due": now + int(settings.get("days", 0) * DAY)},
        "wrong_signature": {"missigned": True},
        "shape": {"api_version": settings.get("api_version")},
    }
    return changes[fault.kind]
