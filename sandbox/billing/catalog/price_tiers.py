"""The tiers of a price: checking them, and what each of them asks for.

Assumptions: every tier is rounded for itself; a flat amount is asked for as soon as its tier is reached, the first
tier's even for a quantity of zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.billing.catalog.price_amounts import unit_amounts
from sandbox.errors import invalid

Tier = dict[str, Any]


@dataclass(frozen=True)
class Share:
    """What one tier asks for: ``number`` counts from 1, amounts are exact minor units."""

    number: int
    quantity: int | Decimal
    unit: Decimal
    flat: Decimal


def build(given: list[dict[str, Any]], param: str) -> list[Tier]:
    """The tiers of parameters; wants them in rising order, the last one open (``inf``), each with an amount."""
    tiers = [_tier(one, f"{param}[{index}]") for index, one in enumerate(given)]
    if not tiers or tiers[-1]["up_to"] is not None:
        raise invalid("The last tier must have `up_to` set to `inf`.", param)
    tops = [tier["up_to"] for tier in tiers[:-1]]
    if None in tops:
        raise invalid("Only the last tier may have `up_to` set to `inf`.", param)
    if tops != sorted(set(tops)) or any(top < 1 for top in tops):
        raise invalid("`up_to` must be positive and rise from tier to tier.", param)
    return tiers


def shares(tiers: list[Tier], mode: str, quantity: int | Decimal) -> list[Share]:
    """What the tiers that a quantity reaches ask for, in their order; with ``volume`` it is only one."""
    if mode == "volume":
        index = next(i for i, tier in enumerate(tiers) if tier["up_to"] is None or quantity <= tier["up_to"])
        return [_share(index, tiers[index], quantity)]
    found = []
    floor: int | Decimal = 0
    for index, tier in enumerate(tiers):
        top = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        if top <= floor and index > 0:
            break
        found.append(_share(index, tier, top - floor))
        floor = top
    return found


def _share(index: int, tier: Tier, quantity: int | Decimal) -> Share:
    unit, flat = tier["unit_amount_decimal"], tier["flat_amount_decimal"]
    return Share(index + 1, quantity, Decimal(unit or 0), Decimal(flat or 0))


def _tier(given: dict[str, Any], param: str) -> Tier:
    tier = {
        **unit_amounts(given, param, name="flat_amount"),
        **unit_amounts(given, param),
        "up_to": None if given["up_to"] == "inf" else given["up_to"],
    }
    if tier["unit_amount_decimal"] is None and tier["flat_amount_decimal"] is None:
        raise invalid("Each tier needs a `unit_amount` or a `flat_amount`.", param, "parameter_missing")
    return tier
