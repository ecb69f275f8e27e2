"""What a row is: a fault with a number, told once to a house with customers in it. And the book of all rows."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from faults import quiet
from faults.customers import Customer
from faults.house import House

RECOVERY_SECONDS = 60.0
"""The promise: after the end of a fault everything is done within this time."""
PATIENCE_SECONDS = 180.0
"""How long the runner waits before it gives a row up; recovery beyond the promise is measured all the same."""


@dataclass
class Case:
    """One row with one seed in one house: what the row's function works with, and what came of it."""

    row: "Row"
    house: House
    seed: int
    chance: Random = field(init=False)
    customers: list[Customer] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    recovery: float | None = None
    notes: list[str] = field(default_factory=list)
    parked: set[str] = field(default_factory=set)
    _over: float | None = None

    def __post_init__(self) -> None:
        self.chance = Random(f"{self.row.number}-{self.seed}")

    def customer(self) -> Customer:
        """Somebody who has just signed up."""
        customer = Customer(self.house, self.chance)
        self.customers.append(customer)
        customer.sign_up()
        return customer

    def subscriber(self) -> Customer:
        """Somebody whose subscription is active, with all its events handled: the row's fault comes after that."""
        customer = self.customer()
        customer.subscribe()
        self.quiet()
        return customer

    def quiet(self) -> None:
        """Wait until nothing is under way: what happens then is the fault's."""
        self.wait(lambda: not quiet.unrest(self.house), "what came before the fault")

    def expect(self, holds: object, otherwise: str) -> None:
        """The row fails with the sentence `otherwise` unless `holds`; it goes on all the same."""
        if not holds:
            self.problems.append(otherwise)

    def wait(self, happened: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait for something without which the row makes no sense; the row ends there if it does not come."""
        quiet.wait(happened, what, seconds)

    def struck(self, point: str) -> None:
        """Wait until a process came by the armed failpoint."""
        self.wait(lambda: self.house.has_struck(point), f"a process at {point}")

    def over(self) -> None:
        """The fault ends now: from here on recovery is measured. Without it: when the row's function returns."""
        self._over = time.monotonic()

    def settle(self) -> None:
        """Wait until all is quiet, and note how long after the end of the fault that is. The worst of several counts."""
        began = self._over or time.monotonic()
        unfinished = quiet.settle(self.house, PATIENCE_SECONDS, ready=self.row.ready)
        self.problems += [f"not quiet after {PATIENCE_SECONDS:.0f} s: {what}" for what in unfinished]
        self.recovery = max(self.recovery or 0.0, time.monotonic() - began)
        self._over = None

    @property
    def is_over(self) -> bool:
        """Whether a fault ended since the last time all was quiet."""
        return self._over is not None

    @contextmanager
    def failing(self, door: str, kind: str, **settings: object) -> Iterator[None]:
        """A door spoils its conversations for the block; its end is the end of the fault."""
        self.house.spoil(door, kind, **settings)
        try:
            yield
        finally:
            self.house.mend(door)
            self.over()

    @contextmanager
    def planned(self, *faults: dict[str, object]) -> Iterator[None]:
        """The sandbox follows this plan for the block (docs/sandbox.md, "Chaos"); its end is the end of the fault."""
        self.house.sandbox("POST", "faults", seed=self.seed, plan=list(faults))
        try:
            yield
        finally:
            self.house.sandbox("DELETE", "faults")
            self.over()


@dataclass(frozen=True)
class Row:
    """A row of the fault matrix. `tracebacks` names the log lines it explains; `limit` is its promise in seconds."""

    number: str
    title: str
    play: Callable[[Case], None]
    tracebacks: frozenset[str]
    limit: float
    ready: bool
    duplicates: int


BOOK: dict[str, Row] = {}


def row(
    number: str,
    title: str,
    *,
    tracebacks: tuple[str, ...] = (),
    limit: float = RECOVERY_SECONDS,
    duplicates: int = 0,
    ready: bool = True,
) -> Callable[[Callable[[Case], None]], Callable[[Case], None]]:
    """Enter a function into the book as row `number`.

    `tracebacks`: the `event` of each log line that may carry one. `duplicates`: how many mails may come twice.
    `ready=False`: /readyz is not looked at (the row has its own word about it).
    """

    def enter(play: Callable[[Case], None]) -> Callable[[Case], None]:
        assert number not in BOOK, f"{number} is in the book already"
        BOOK[number] = Row(number, title, play, frozenset(tracebacks), limit, ready, duplicates)
        return play

    return enter
