"""What the account has earned: captured charges, less what was refunded and what disputes took.

Simplifications: no fees, no payouts, and everything is available at once.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def available(box: Sandbox) -> dict[str, int]:
    """Minor units by currency."""
    funds: Counter[str] = Counter()
    for charge in box.store.list("charge"):
        if charge["captured"]:
            funds[charge["currency"]] += charge["amount"] - charge["amount_refunded"]
    for dispute in box.store.list("dispute"):
        if dispute["status"] != "won":
            funds[dispute["currency"]] -= dispute["amount"]
    return dict(funds)
