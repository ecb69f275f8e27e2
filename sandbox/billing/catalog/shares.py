"""Splitting an amount so that the parts add up to it."""

from __future__ import annotations

from decimal import Decimal

from sandbox.billing.catalog.pricing import rounded


def allocate(total: int, parts: dict[str, int]) -> dict[str, int]:
    """Split ``total`` (at most the sum of the parts) in proportion to the parts, to the last minor unit."""
    whole = sum(parts.values())
    total = min(total, whole)
    shares, given, seen = {}, 0, 0
    for id, part in parts.items():
        # Running sums leave no rounding rest at the end.
        seen += part
        share = rounded(Decimal(total) * seen / whole) - given if whole else 0
        shares[id] = share
        given += share
    return shares
