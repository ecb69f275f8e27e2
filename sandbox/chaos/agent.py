"""Who strikes: it holds the plan, decides at every occasion, and writes each decision down.

Each decision comes from the seed, the place of the fault in its plan and how many occasions it has seen, and from nothing
else; so the same plan, seed and sequence of calls meet the same fate. Of the faults on calls and on charges the first that
strikes is alone; those on webhooks add up. What was decided inside a transaction that is undone was not decided, except
for charges: the issuer's no is not taken back because the invoice was.
The plan lives in memory: a restart forgets it, while a delivery it has touched keeps its fate.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.chaos import declines, plan
from sandbox.chaos.calls import Strike
from sandbox.chaos.plan import Fault
from sandbox.chaos.webhooks import Alterations
from sandbox.store import Record, Records

if TYPE_CHECKING:
    from sandbox.billing.payments.cards import Refusal
    from sandbox.core import Sandbox
    from sandbox.routing import Call

KEPT = 1000
"""How many decisions are remembered."""


@dataclass
class Standing:
    """A fault of the plan and how far it has come."""

    index: int
    fault: Fault
    seen: int = 0
    struck: int = 0

    @property
    def left(self) -> int | None:
        """How many times it still strikes; None when it never ends."""
        return None if self.fault.count is None else self.fault.count - self.struck

    def draw(self, seed: int, about: str) -> float:
        """A number from 0 to 1 for the occasion it sees now."""
        return random.Random(f"{seed}:{self.index}:{self.seen}:{about}").random()


class Chaos:
    """The plan of one sandbox. Callers hold the sandbox's lock, except for :meth:`on_call`."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self.seed = 0
        self.standings: list[Standing] = []
        self.log: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._alterations = Alterations(box)
        self._guard = threading.RLock()

    def follow(self, entries: Any, seed: int) -> None:
        """Replace plan and log; :class:`plan.Nonsense` leaves the old ones."""
        faults = plan.read(self._box.contract, entries)
        self.clear()
        self.seed = seed
        self.standings = [Standing(index, fault) for index, fault in enumerate(faults)]

    def add(self, entry: dict[str, Any]) -> None:
        """Put one more fault behind the plan."""
        (fault,) = plan.read(self._box.contract, [entry])
        self.standings.append(Standing(len(self.standings), fault))

    def clear(self) -> None:
        """No faults any more, and nothing remembered."""
        self.seed = 0
        self.standings = []
        self.log.clear()
        self._alterations.forget()

    def picture(self) -> dict[str, Any]:
        """The plan with how far it has come, and what was decided, oldest first."""
        entries = [
            {**one.fault.shown(), "seen": one.seen, "struck": one.struck, "left": one.left} for one in self.standings
        ]
        with self._guard:
            log = list(self.log)
        return {"seed": self.seed, "plan": entries, "log": log}

    def on_call(self, call: Call, method: str) -> Strike | None:
        """What is to go wrong with a call that is about to be carried out. It does not wait for the sandbox's lock."""
        with self._guard:
            for standing in self._waiting("call"):
                if _fits_call(standing.fault.filters, call, method) and self._strikes(
                    standing, f"{method} {call.path}"
                ):
                    return Strike(standing.fault)
        return None

    def on_charge(self, intent: Record) -> Refusal | None:
        """Why the issuer refuses a charge that the card itself would allow."""
        for standing in self._waiting("charge"):
            wanted = standing.fault.filters.get("customer")
            if wanted in (None, intent["customer"]) and self._strikes(standing, intent["id"]):
                return declines.refusal(standing.fault.kind)
        return None

    def on_delivery(self, event: Record, delivery: Record) -> Records:
        """What becomes of a delivery that is to be stored: itself altered, and perhaps copies."""
        made = [delivery]
        for standing in self._waiting("webhook"):
            if _fits_delivery(standing.fault.filters, event, delivery):
                rank = standing.draw(self.seed, "rank")
                if self._strikes_for_now(standing, f"{event['type']} {event['id']} to {delivery['endpoint']}"):
                    made = self._alterations.make(standing.index, standing.fault, made, rank)
        return made

    def _waiting(self, place: str) -> Iterator[Standing]:
        return (one for one in self.standings if one.fault.place == place and one.left != 0)

    def _strikes(self, standing: Standing, what: str) -> bool:
        return bool(self._decide(standing, what)["struck"])

    def _decide(self, standing: Standing, what: str) -> dict[str, Any]:
        """Let a fault see an occasion that fits it, and write down what it did; answers what was written."""
        drawn = standing.draw(self.seed, "strike")
        standing.seen += 1
        strikes = standing.seen > standing.fault.skip and drawn < standing.fault.probability
        standing.struck += strikes
        kind = f"{standing.fault.place}: {standing.fault.kind}"
        decision = {"fault": standing.index, "kind": kind, "what": what, "drawn": round(drawn, 6), "struck": strikes}
        decision = {"at": self._box.clock.now(), **decision}
        with self._guard:
            self.log.append(decision)
        return decision

    def _strikes_for_now(self, standing: Standing, what: str) -> bool:
        """The same, to be forgotten if the transaction is undone."""
        seen, struck = standing.seen, standing.struck
        decision = self._decide(standing, what)

        def undo() -> None:
            standing.seen, standing.struck = seen, struck
            with self._guard:
                if decision in self.log:
                    self.log.remove(decision)

        self._box.store.on_rollback(undo)
        return bool(decision["struck"])


def _fits_call(filters: dict[str, Any], call: Call, method: str) -> bool:
    if filters.get("operation", call.line) != call.line or filters.get("method", method) != method:
        return False
    if not call.path.startswith(filters.get("path", "")):
        return False
    return "customer" not in filters or filters["customer"] in _customers(call)


def _customers(call: Call) -> set[str]:
    """Whom a call is about: named in the path or the parameters, or the customer of what the path names."""
    named = {call.params.get("customer"), *call.ids.values()}
    found = (call.store.locate(id) for id in call.ids.values())
    return {str(one) for one in named | {record.get("customer") for record in found if record} if one}


def _fits_delivery(filters: dict[str, Any], event: Record, delivery: Record) -> bool:
    if "types" in filters and not any(plan.fits_type(event["type"], pattern) for pattern in filters["types"]):
        return False
    if filters.get("endpoint", delivery["endpoint"]) != delivery["endpoint"]:
        return False
    about = event["data"]["object"]
    return "customer" not in filters or filters["customer"] in (about.get("customer"), about.get("id"))
