"""Load: events that come without a pause, and what became of each."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import requests

from faults import events
from faults.case import Case
from faults.customers import Customer
from faults.house import House

SENDERS = 3


@dataclass
class Load:
    """Events posted without a pause by several senders, and what became of each."""

    thanked: list[str] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    good: list[float] = field(default_factory=list)

    def missing(self, house: House) -> int:
        known = {event for (event,) in house.rows("SELECT event_id FROM inbox_events")}
        return sum(event not in known for event in self.thanked)

    def window(self) -> float:
        """Seconds from the first refusal to the first good answer after the last."""
        if not self.refused:
            return 0.0
        after = [instant for instant in self.good if instant > self.refused[-1]]
        return (min(after) if after else time.monotonic()) - self.refused[0]


@contextmanager
def posting(case: Case, customer: Customer) -> Iterator[Load]:
    """Post events for the block, like those of this subscriber."""
    model = events.copy(case.house, "customer.subscription.created", customer.stripe_customer(), "evt_")
    load, stop, mark = Load(), threading.Event(), f"{case.row.number}_{case.seed}_{customer.id}"

    def send(sender: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            name = f"evt_{mark}_{sender}_{number}"
            with suppress(requests.RequestException):
                if events.post(case.house, model | {"id": name}) == 200:
                    load.thanked.append(name)
                    load.good.append(time.monotonic())
                    continue
            load.refused.append(time.monotonic())
            stop.wait(0.05)

    with threads(send, SENDERS):
        try:
            yield load
        finally:
            stop.set()


@contextmanager
def threads(work: Callable[[int], None], number: int) -> Iterator[None]:
    """Several at once, until each has ended by itself."""
    threads = [threading.Thread(target=work, args=[one]) for one in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
