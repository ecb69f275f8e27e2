"""How a copy of ours differs from its original: by names, and by values only where they say nothing about a person."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

PLAIN = frozenset(
    {
        *("status", "verification", "currency", "type", "billing_reason", "reason", "failure_reason", "feedback"),
        *("default_payment_method", "latest_invoice", "item", "schedule", "subscription_stripe_id", "number"),
        *("without_card", "paused_because"),
    }
)
"""Texts that are words of Stripe's or ids."""


class Kind(StrEnum):
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    DIFFERS = "differs"


Fields = dict[str, list[Any]]
"""By name: our value and the original's, or nothing where neither is to be shown."""


@dataclass(frozen=True)
class Drift:
    """`is_serious` when money, a status or access may be wrong because of it."""

    stripe_id: str
    organization_id: int
    kind: Kind
    fields: Fields
    is_serious: bool


def between(
    stripe_id: str,
    organization_id: int,
    ours: Mapping[str, Any] | None,
    original: Mapping[str, Any],
    minor: Collection[str] = (),
) -> Drift | None:
    """What differs, None if nothing does. A name may have parts, `refunds.re_1.status`; `minor` has last parts."""
    if ours is None:
        return Drift(stripe_id, organization_id, Kind.MISSING_HERE, {}, is_serious=True)
    names = sorted(ours.keys() | original.keys())
    fields = {name: _pair(name, ours, original) for name in names if ours.get(name) != original.get(name)}
    if not fields:
        return None
    is_serious = any(_last(name) not in minor for name in fields)
    return Drift(stripe_id, organization_id, Kind.DIFFERS, fields, is_serious)


def missing_there(stripe_id: str, organization_id: int) -> Drift:
    """We have it, and nobody at Stripe does."""
    return Drift(stripe_id, organization_id, Kind.MISSING_THERE, {}, is_serious=True)


def parts(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a part of a whole, under names of their own."""
    return {f"{prefix}.{name}": value for name, value in values.items()}


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _pair(name: str, ours: Mapping[str, Any], original: Mapping[str, Any]) -> list[Any]:
    pair = [ours.get(name), original.get(name)]
    is_plain = _last(name) in PLAIN
    return [_plain(value) for value in pair] if is_plain or all(_is_harmless(value) for value in pair) else []


def _is_harmless(value: Any) -> bool:
    return value is None or isinstance(value, int | datetime)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
