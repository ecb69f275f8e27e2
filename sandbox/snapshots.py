"""Frozen copies of what was shown, in little memory: an event keeps one for as long as the sandbox runs.

A frozen object is its names, shared with all objects of the same shape, and its values. Values that are equal to those
of the last copy of the same object are shared with it, and so are whole objects that did not change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NESTING = (dict, list)
REMEMBERED = 4096
"""How many last copies are kept for comparison."""


class Frozen(Mapping[str, Any]):
    """A read-only mapping of strings; :func:`thaw` makes a plain dict of it."""

    __slots__ = ("fields", "names")

    def __init__(self, names: tuple[str, ...], fields: tuple[Any, ...]) -> None:
        self.names = names
        self.fields = fields

    def __getitem__(self, name: str) -> Any:
        try:
            return self.fields[self.names.index(name)]
        except ValueError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Frozen):
            return self.names == other.names and self.fields == other.fields
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # it may hold lists


class Freezer:
    """Makes frozen copies."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._like: dict[tuple[str, ...], Frozen] = {}
        """The youngest copy of each shape."""
        self._last: dict[tuple[str, str], Frozen] = {}

    def freeze(self, value: Any) -> Any:
        """A copy in which every object is frozen. What holds no object is not copied, but shared: see ``store``."""
        if isinstance(value, dict) and "object" in value:
            return self._object(value)
        if not isinstance(value, NESTING):
            return value
        copy = None
        for place, one in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(one, NESTING) and (frozen := self.freeze(one)) is not one:
                copy = value.copy() if copy is None else copy
                copy[place] = frozen
        return value if copy is None else copy

    def _object(self, value: dict[str, Any]) -> Frozen:
        names = tuple(value)
        names = self._shapes.setdefault(names, names)
        like = self._like.get(names)
        frozen = Frozen(names, tuple(self._fields(value, like.fields) if like else map(self.freeze, value.values())))
        self._like[names] = frozen
        id = value.get("id")
        if id is None:
            return frozen
        last = self._last.get((value["object"], id))
        if last == frozen:
            return last
        if len(self._last) >= REMEMBERED:
            self._last.clear()
        self._last[value["object"], id] = frozen
        return frozen

    def _fields(self, value: dict[str, Any], like: tuple[Any, ...]) -> list[Any]:
        """The frozen values. What is the very same thing in another copy holds no object, or it would be a copy there."""
        pairs = zip(value.values(), like, strict=True)
        return [self.freeze(one) if one is not other and isinstance(one, NESTING) else one for one, other in pairs]


def thaw(value: Any) -> Any:
    """Plain dicts and lists of a frozen copy."""
    if isinstance(value, Frozen):
        return {name: thaw(one) for name, one in zip(value.names, value.fields, strict=True)}
    if isinstance(value, dict):
        return {name: thaw(one) for name, one in value.items()}
    if isinstance(value, list):
        return [thaw(one) for one in value]
    return value
