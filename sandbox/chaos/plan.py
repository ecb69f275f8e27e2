"""A fault plan as data: a list of entries, each read and checked here before anything can go wrong on purpose.

An entry names where it strikes and how: ``{"call": "rate_limit"}``, ``{"charge": "insufficient_funds"}`` or
``{"webhook": "duplicate"}``. With ``count`` it strikes so many times (default 1; None means for ever, which is also the
default once there is a ``probability``), after letting ``skip`` fitting occasions pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.chaos import declines
from sandbox.contract import Contract

MOST_SECONDS = 600
"""The longest that a call is held or a webhook is delayed, in seconds of machine time."""
MOST_DAYS = 3650

KINDS: dict[str, dict[str, dict[str, Any]]] = {
    "call": {
        "rate_limit": {},
        "lock_timeout": {},
        "conflict": {},
        "error": {"when": "before"},
        "reset": {"when": "before"},
        "html": {"when": "before"},
        "timeout": {"seconds": 10.0},
        "drip": {"seconds": 5.0},
        "truncated": {},
    },
    "charge": {code: {} for code in declines.CODES},
    "webhook": {
        "duplicate": {"times": 2},
        "reorder": {"window": 4, "within": 1.0, "order": "shuffle"},
        "delay": {"seconds": 5.0},
        "drop": {},
        "late": {"days": 3.0, "how": "clock"},
        "wrong_signature": {},
        "shape": {"api_version": "2025-02-24.acacia"},
        "hold": {},
    },
}
"""By place: the kinds of fault, and the settings of each with what holds when nothing is said."""

FILTERS = {
    "call": ("operation", "path", "method", "customer"),
    "charge": ("customer",),
    "webhook": ("types", "endpoint", "customer"),
}
"""By place: which occasions an entry can be restricted to."""


class Nonsense(ValueError):
    """An entry that means nothing; the text begins with the name of the wrong field."""


@dataclass(frozen=True)
class Fault:
    """One entry of a plan."""

    place: str
    kind: str
    count: int | None = 1
    skip: int = 0
    probability: float = 1.0
    filters: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def executes(self) -> bool:
        """Whether a call that it strikes is carried out all the same."""
        return self.settings.get("when") == "after" or self.kind in ("timeout", "drip", "truncated")

    def shown(self) -> dict[str, Any]:
        """The entry as it can be sent again, with every default written out."""
        times = {"count": self.count, "skip": self.skip, "probability": self.probability}
        return {self.place: self.kind, **self.settings, **self.filters, **times}


def read(contract: Contract, entries: Any) -> list[Fault]:
    """The faults of a plan; :class:`Nonsense` names the field that makes no sense."""
    if not isinstance(entries, list):
        raise Nonsense("plan: must be a list of faults")
    return [_entry(contract, entry, f"plan[{index}]") for index, entry in enumerate(entries)]


def _entry(contract: Contract, entry: Any, name: str) -> Fault:
    if not isinstance(entry, dict):
        raise Nonsense(f"{name}: must be an object like {{'call': 'rate_limit'}}")
    places = [place for place in KINDS if place in entry]
    if len(places) != 1:
        raise Nonsense(f"{name}: must say exactly one of {', '.join(KINDS)}")
    place, kind = places[0], entry[places[0]]
    if not isinstance(kind, str) or kind not in KINDS[place]:
        raise Nonsense(f"{name}.{place}: must be one of {', '.join(KINDS[place])}")
    defaults = KINDS[place][kind]
    given = {key: value for key, value in entry.items() if key != place}
    for key in given:
        if key not in (*READERS_OF_TIMES, *FILTERS[place], *defaults):
            raise Nonsense(f"{name}.{key}: means nothing to a {place} that is struck by {kind}")
    checked = {key: _checked(contract, key, value, f"{name}.{key}") for key, value in given.items()}
    return _fault(place, kind, checked, defaults)


def _fault(place: str, kind: str, given: dict[str, Any], defaults: dict[str, Any]) -> Fault:
    probability = given.get("probability", 1.0)
    return Fault(
        place,
        kind,
        given.get("count", 1 if probability == 1 else None),
        given.get("skip", 0),
        probability,
        {key: given[key] for key in FILTERS[place] if key in given},
        {key: given.get(key, value) for key, value in defaults.items()},
    )


def _checked(contract: Contract, key: str, value: Any, name: str) -> Any:
    try:
        return {**READERS_OF_TIMES, **READERS}[key](contract, value)
    except Nonsense as problem:
        raise Nonsense(f"{name}: {problem}") from None


def _whole(least: int, most: int) -> Callable[[Contract, Any], int]:
    def read(_: Contract, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Nonsense(f"must be a whole number from {least} to {most}")
        return value

    return read


def _number(most: float) -> Callable[[Contract, Any], float]:
    def read(_: Contract, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise Nonsense(f"must be a number from 0 to {most:g}")
        return float(value)

    return read


def _word(*known: str) -> Callable[[Contract, Any], str]:
    def read(_: Contract, value: Any) -> str:
        if value not in known:
            raise Nonsense(f"must be one of {', '.join(known)}")
        return str(value)

    return read


def _beginning(beginning: str, what: str) -> Callable[[Contract, Any], str]:
    def read(_: Contract, value: Any) -> str:
        if not isinstance(value, str) or not value.startswith(beginning):
            raise Nonsense(f"must be {what}")
        return value

    return read


def _count(contract: Contract, value: Any) -> int | None:
    return None if value is None else _whole(1, 1_000_000)(contract, value)


def _operation(contract: Contract, value: Any) -> str:
    method, _, path = str(value).partition(" ")
    found = contract.match(method, path)
    if found is None or found[0].line != value:
        raise Nonsense("must be a line of the API, like 'POST /v1/invoices/{invoice}/pay'")
    return str(value)


def _types(contract: Contract, value: Any) -> list[str]:
    if not isinstance(value, list) or not value:
        raise Nonsense("must be a list of event types, like ['invoice.paid', 'customer.*']")
    for one in value:
        if not any(fits_type(known, str(one)) for known in contract.event_types):
            raise Nonsense(f"{one} is no event type")
    return value


def _api_version(contract: Contract, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"20\d\d-\d\d-\d\d(\.[a-z]+)?", value):
        raise Nonsense("must be an API version, like '2025-02-24.acacia'")
    if value > contract.version:
        raise Nonsense(f"must not be newer than {contract.version}")
    return value


def fits_type(event_type: str, pattern: str) -> bool:
    """Whether an event type is the one named, or of the group named with a star at the end."""
    return event_type == pattern or (pattern.endswith("*") and event_type.startswith(pattern[:-1]))


READERS_OF_TIMES: dict[str, Callable[[Contract, Any], Any]] = {
    "count": _count,
    "skip": _whole(0, 1_000_000),
    "probability": _number(1),
}
READERS: dict[str, Callable[[Contract, Any], Any]] = {
    "operation": _operation,
    "path": _beginning("/v1/", "the beginning of a path, like '/v1/invoices'"),
    "method": _word("GET", "POST", "DELETE"),
    "customer": _beginning("cus_", "the id of a customer"),
    "types": _types,
    "endpoint": _beginning("we_", "the id of a webhook endpoint"),
    "when": _word("before", "after"),
    "seconds": _number(MOST_SECONDS),
    "times": _whole(2, 20),
    "window": _whole(2, 1000),
    "within": _number(MOST_SECONDS),
    "order": _word("shuffle", "reverse"),
    "days": _number(MOST_DAYS),
    "how": _word("clock", "backdated"),
    "api_version": _api_version,
}
"""How each field of an entry is read."""
