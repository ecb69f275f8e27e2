"""What the sandbox noticed about its visitors and itself: the request log, violations of the contract, use of operations."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.core import Sandbox

KEPT = 500
"""How many requests and violations are remembered."""


@dataclass
class Visit:
    """One request to the API."""

    method: str
    path: str
    params: dict[str, Any]
    request_id: str
    idempotency_key: str | None
    created: int
    """Virtual unix seconds."""
    status: int = 0
    """0 when no answer was sent."""
    duration: float = 0.0
    """Seconds of machine time until the answer left."""
    original: str | None = None
    """The id of the earlier request whose answer was replayed."""
    fault: str | None = None
    """The fault of the plan that struck it."""
    violations: list[str] = field(default_factory=list)


class Observation:
    """The last requests, and everything since the reset that broke the contract."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self.visits: deque[Visit] = deque(maxlen=KEPT)
        self.violations: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.exercised: Counter[str] = Counter()
        """How often each operation (``POST /v1/refunds``) was answered with 200 since the process started."""

    def note(self, visit: Visit) -> None:
        self.visits.appendleft(visit)

    def violation(self, where: str, messages: list[str]) -> None:
        """Remember that a request, an answer or an event (``where``) broke the contract."""
        self.violations.append({"where": where, "messages": messages})

    def clear(self) -> None:
        self.visits.clear()
        self.violations.clear()


def without_card_numbers(given: dict[str, Any]) -> dict[str, Any]:
    """A copy of parameters for the log, with all but the last four digits of card numbers struck out."""
    shown = {}
    for name, value in given.items():
        if isinstance(value, dict):
            value = without_card_numbers(value)
        elif name == "number":
            value = f"{'*' * 12}{value[-4:]}"
        shown[name] = value
    return shown
