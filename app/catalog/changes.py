"""What a file would change, in lines a person can check before saying yes."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from babel.numbers import format_decimal

from .sheet import Facts, Sheet
from .words import exact

Key = TypeVar("Key", bound=Hashable)


class Verb(StrEnum):
    ADDED = "+"
    CHANGED = "~"
    ARCHIVED = "-"


@dataclass(frozen=True)
class Change:
    """`subject` says which thing, `detail` what it is, or what it was and becomes."""

    verb: Verb
    noun: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.verb} {self.noun:<9}{self.subject}{': ' if self.detail else ''}{self.detail}"


def between(old: Sheet, new: Sheet) -> list[Change]:
    """Everything that is not the same, meters first, then the plans and what belongs to them."""
    return [
        *_changes("meter", old.meters, new.meters),
        *_changes("plan", old.plans, new.plans),
        *_changes("price", old.prices, new.prices),
        *_changes("limit", old.limits, new.limits),
        *_changes("overage", old.overages, new.overages),
        *_changes("feature", old.features, new.features),
    ]


def _changes(noun: str, old: Mapping[Key, Facts], new: Mapping[Key, Facts]) -> Iterator[Change]:
    for key, facts in new.items():
        if key not in old:
            yield Change(Verb.ADDED, noun, _subject(key), _summary(noun, facts))
        elif differences := [name for name, value in facts.items() if old[key][name] != value]:
            yield Change(Verb.CHANGED, noun, _subject(key), _steps(differences, old[key], facts))
    for key, facts in old.items():
        if key not in new:
            yield Change(Verb.ARCHIVED, noun, _subject(key), _summary(noun, facts))


def _subject(key: Hashable) -> str:
    return " / ".join(key) if isinstance(key, tuple) else str(key)


def _summary(noun: str, facts: Facts) -> str:
    """The one fact a reader looks for first."""
    name = {"price": "unit_amount", "overage": "unit_amount", "limit": "amount", "feature": "value"}.get(noun, "name")
    words = _words(name, facts)
    return f"{words} {facts['behaviour']}" if noun == "limit" and facts["amount"] is not None else words


def _steps(names: list[str], old: Facts, new: Facts) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_words(name, old)} → {_words(name, new)}" for name in names)


def _words(name: str, facts: Facts) -> str:
    value: Any = facts[name]
    if name == "unit_amount":
        return exact(Decimal(value), facts["currency"])
    if value is None:
        return "none" if name.startswith("seats") else "unlimited"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(format_decimal(value, locale="en_US")) if isinstance(value, int) else f'"{value}"'
