"""The items of a subscription when a phase begins: which become which, and the swap where a billing period ends.

Assumptions: an item with a phase's price is that phase's item, the others become the remaining ones in their order, so that
a lone item keeps its id; ``automatic`` resets the billing cycle anchor where the period of a new price does not begin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import pending
from sandbox.billing.schedules.phases import Phase
from sandbox.billing.subscriptions import items
from sandbox.billing.subscriptions.items import Planned
from sandbox.crud import laid_over
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

Pair = tuple[Record | None, dict[str, Any] | None]
"""A subscription item and what a phase makes of it; one of them is missing where it comes or goes."""


def pairs(box: Sandbox, subscription: Record, phase: Phase) -> list[Pair]:
    """Which item of the subscription becomes which of the phase."""
    existing, wanted = items.of(box, subscription), list(phase["items"])
    found: list[Pair] = []
    for item in [*existing]:
        same = next((one for one in wanted if one["price"] == item["price"]), None)
        if same:
            found.append((item, same))
            existing.remove(item)
            wanted.remove(same)
    together = min(len(existing), len(wanted))
    found += zip(existing[:together], wanted[:together], strict=True)
    found += [(item, None) for item in existing[together:]]
    return found + [(None, one) for one in wanted[together:]]


def differs(item: Record | None, wanted: dict[str, Any] | None) -> bool:
    """Whether an item is not yet what a phase wants."""
    if item is None or wanted is None:
        return True
    kept = all(item[name] == wanted[name] for name in ("price", "quantity"))
    rates = list(item["tax_rates"] or []) == wanted["tax_rates"]
    return not kept or not rates or laid_over(item["metadata"], wanted["metadata"]) != item["metadata"]


def as_change(item: Record | None, wanted: dict[str, Any] | None) -> dict[str, Any]:
    """The same as an entry of ``items`` of an update."""
    if wanted is None:
        return {"id": item["id"], "deleted": True} if item else {}
    change = {name: wanted[name] for name in ("metadata", "tax_rates")}
    if wanted["quantity"] is not None:
        change["quantity"] = wanted["quantity"]
    if item is None or item["price"] != wanted["price"]:
        change["price"] = wanted["price"]
    return change if item is None else {**change, "id": item["id"]}


def swap_at_boundary(box: Sandbox, subscription: Record, phase: Phase) -> None:
    """Change the items whose period ends right now without moving their period, so that the renewal bills them anew."""
    now = box.clock.now()
    if subscription["_boundary"] != now:
        return
    anew = phase["trial_end"] is not None and phase["trial_end"] > now
    planned = [
        _swapped(box, subscription, item, wanted, now, anew=anew) for item, wanted in pairs(box, subscription, phase)
    ]
    items.put(box, subscription, [one for one in planned if one])
    _anchor(box, subscription, phase, now)


def _swapped(
    box: Sandbox, subscription: Record, item: Record | None, wanted: dict[str, Any] | None, now: int, *, anew: bool
) -> Planned | None:
    """The planned item; ``anew`` ends the period that is over even for an item that stays as it was."""
    if item and (item["current_period_end"] != now or not (anew or differs(item, wanted))):
        return items.plan_of(item)
    leaves = item is not None and (anew or wanted is None or wanted["price"] != item["price"])
    if item and leaves and items.is_metered(box.store.need("price", item["price"])):
        pending.usage(box, subscription, item, now)
    if wanted is None:
        return None
    fields = {name: wanted[name] for name in ("price", "quantity", "tax_rates")}
    if item is None:
        new = {"id": new_id("si", 14), "metadata": laid_over(None, wanted["metadata"]), "discounts": []}
        new["debits"] = []
        return {**new, **fields, "current_period_start": now, "current_period_end": now}
    start = now if leaves else item["current_period_start"]
    metadata = laid_over(item["metadata"], wanted["metadata"])
    return {**items.plan_of(item), **fields, "metadata": metadata, "current_period_start": start, "debits": []}


def _anchor(box: Sandbox, subscription: Record, phase: Phase, now: int) -> None:
    prices = [box.store.need("price", item["price"]) for item in items.of(box, subscription)]
    begins = all(items.period(price, subscription["billing_cycle_anchor"], now)[0] == now for price in prices)
    if phase["billing_cycle_anchor"] == "phase_start" or not begins:
        box.store.update(subscription, billing_cycle_anchor=now)
