"""What an event says has changed, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.panel.json_view import EARLIEST, INSTANT, instant


@dataclass(frozen=True)
class Change:
    """One field, as it was and as it is, in words."""

    field: str
    old: str
    new: str


def changes(event: dict[str, Any]) -> list[Change]:
    """The fields that an ``….updated`` event names in ``previous_attributes``; none for other events."""
    previous = event["data"].get("previous_attributes") or {}
    return list(_compare("", previous, event["data"]["object"], old_is_partial=True))


def _compare(path: str, old: Any, new: Any, *, old_is_partial: bool) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        # Hashes among the old values hold what changed only; inside of arrays they are whole.
        names = old if old_is_partial else {**old, **new}
        for name in names:
            inner = f"{path}.{name}" if path else name
            yield from _compare(inner, old.get(name), new.get(name), old_is_partial=old_is_partial)
    elif isinstance(old, list) and isinstance(new, list) and any(isinstance(one, dict) for one in (*old, *new)):
        for index in range(max(len(old), len(new))):
            pair = (old[index : index + 1] or [None])[0], (new[index : index + 1] or [None])[0]
            yield from _compare(f"{path}[{index}]", *pair, old_is_partial=False)
    elif old != new:
        leaf = path.rsplit(".", 1)[-1]
        yield Change(path, _written(leaf, old), _written(leaf, new))


def _written(leaf: str, value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return str(value.get("id") or f"{len(value)} fields")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "empty"
    if isinstance(value, int) and value > EARLIEST and INSTANT.search(leaf):
        return instant(value)
    return str(value) if value != "" else "empty"
