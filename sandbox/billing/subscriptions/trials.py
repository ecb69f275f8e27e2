"""Trials: until when parameters want one, and what it makes of the items' periods.

Source: Stripe's API reference (a trial ends at most two years ahead; ``trial_from_plan`` and ``trial_end`` exclude each
other). Assumption: of several prices with a trial the longest counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sandbox.billing.subscriptions.items import Planned
from sandbox.errors import invalid

if TYPE_CHECKING:
    from sandbox.core import Sandbox

DAY = 86400
LONGEST = 730
"""Days."""
WAYS = ("trial_end", "trial_period_days", "trial_from_plan")


def wished_end(box: Sandbox, params: dict[str, Any], prices: Iterable[str]) -> int | None:
    """When a trial is to end, in unix seconds; 0 when it is to end now, None when nothing is said about trials."""
    given = [name for name in WAYS if params.get(name)]
    if len(given) > 1:
        raise invalid(f"You may only specify one of these parameters: {', '.join(given)}.", given[0])
    if not given:
        return None
    now, wish = box.clock.now(), params[given[0]]
    if wish == "now":
        return 0
    if given[0] == "trial_end":
        end = int(wish)
    else:
        days = wish if given[0] == "trial_period_days" else _longest_of(box, prices)
        if days == 0:
            return None
        end = now + int(days) * DAY
    if end <= now:
        raise invalid(f"{given[0]} must be in the future.", given[0])
    if end > now + LONGEST * DAY:
        raise invalid(f"A trial can last at most {LONGEST} days.", given[0])
    return end


def adopt(planned: Iterable[Planned], end: int) -> None:
    """Let the running periods of items end with the trial."""
    for one in planned:
        one["current_period_end"] = end


def _longest_of(box: Sandbox, prices: Iterable[str]) -> int:
    recurring = (box.store.need("price", id)["recurring"] for id in prices)
    return max((one["trial_period_days"] or 0 for one in recurring), default=0)
