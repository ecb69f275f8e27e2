"""Working out a change of items, anchor or trial: the new items and periods, the prorations, the whole new periods.

Assumption: changed items are prorated even when an earlier invoice is unpaid.
Simplification: a moved ``trial_end`` makes no invoice of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.billing import items, lines, pending
from sandbox.billing.items import Planned
from sandbox.crud import merged
from sandbox.errors import invalid, missing_resource
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

CHANGES_MONEY = ("items", "billing_cycle_anchor", "trial_end")
"""The parameters of an update that can move money."""


@dataclass
class Change:
    """What a change of items means, before it is applied."""

    anchor: int
    restarts: bool
    planned: list[Planned]
    drawn: list[Record] = field(default_factory=list)
    """Lines for whole new periods; prorations are pending invoice items."""


def prepare(box: Sandbox, subscription: Record, params: dict[str, Any]) -> Change | None:
    """Work out a change of items, anchor or trial and store its prorations as pending; None when nothing changes."""
    if not any(name in params for name in CHANGES_MONEY):
        return None
    now = box.clock.now()
    at = params.get("proration_date") or now
    ends_trial = params.get("trial_end") == "now" and subscription["status"] == "trialing"
    restarts = ends_trial or (params.get("billing_cycle_anchor") or {}).get("type") == "now"
    moved = params.get("trial_end") if isinstance(params.get("trial_end"), int) else None
    old = [items.plan_of(item) for item in items.of(box, subscription)]
    change = Change(
        now if restarts else moved or subscription["billing_cycle_anchor"],
        restarts,
        _wanted(box, old, subscription, params),
    )
    if moved:
        _move_trial(box, subscription, change, moved)
    elif subscription["status"] == "trialing" and not ends_trial:
        _adopt_trial(subscription, change)
    else:
        _prorate(box, subscription, change, old, at, params.get("proration_behavior", "create_prorations"))
        if ends_trial:
            box.store.update(subscription, trial_end=now)
    return change


def _wanted(box: Sandbox, old: list[Planned], subscription: Record, params: dict[str, Any]) -> list[Planned]:
    wanted = [dict(one) for one in old]
    for index, given in enumerate(params.get("items") or []):
        param = f"items[{index}]"
        current = next((one for one in wanted if one["id"] == given.get("id")), None)
        if "id" in given and current is None:
            raise missing_resource("subscription_item", given["id"], f"{param}[id]")
        if given.get("deleted") and current:
            wanted.remove(current)
        elif current:
            _alter(box, current, given, param, subscription["currency"])
        else:
            wanted.append(_added(box, given, param, subscription))
    prices = [one["price"] for one in wanted]
    if len(set(prices)) < len(prices):
        raise invalid("Cannot add multiple subscription items with the same price.", "items")
    if not wanted or len(wanted) > items.MOST:
        raise invalid(f"A subscription has between 1 and {items.MOST} items.", "items")
    return wanted


def _alter(box: Sandbox, current: Planned, given: dict[str, Any], param: str, currency: str) -> None:
    if "price" in given or "price_data" in given:
        current["price"] = items.wanted_price(box, given, param, currency)["id"]
    price = box.store.need("price", current["price"])
    current["quantity"] = items.quantity_of(price, given, param, current["quantity"] or 1)
    if "metadata" in given:
        current["metadata"] = merged(current["metadata"], given["metadata"])
    if "tax_rates" in given:
        current["tax_rates"] = given["tax_rates"] or []


def _added(box: Sandbox, given: dict[str, Any], param: str, subscription: Record) -> Planned:
    price = items.wanted_price(box, given, param, subscription["currency"])
    start, end = items.period(price, subscription["billing_cycle_anchor"], box.clock.now())
    return {
        "id": new_id("si", 14),
        "price": price["id"],
        "quantity": items.quantity_of(price, given, param),
        "metadata": given.get("metadata") or {},
        "tax_rates": given.get("tax_rates") or [],
        "current_period_start": max(start, box.clock.now()),
        "current_period_end": end,
        "debits": [],
    }


def _prorate(box: Sandbox, subscription: Record, change: Change, old: list[Planned], at: int, behavior: str) -> None:
    before = {one["id"]: one for one in old}
    after = {one["id"]: one for one in change.planned}
    for id, planned in before.items():
        if behavior != "none" and _differs(planned, after.get(id), change):
            pending.credit(box, subscription, planned, at)
        if items.is_metered(box.store.need("price", planned["price"])):
            _bill_usage(box, subscription, change, planned, after.get(id), behavior)
    for id, planned in after.items():
        if _differs(before.get(id), planned, change):
            _ask(box, subscription, change, planned, at, behavior)


def _bill_usage(
    box: Sandbox, subscription: Record, change: Change, planned: Planned, after: Planned | None, behavior: str
) -> None:
    """Usage is billed at the price it was reported under, unless ``none`` asks to forget it with its price."""
    goes = after is None or after["price"] != planned["price"]
    if after and goes:
        after["_usage_from"] = box.clock.now()
    if subscription["status"] != "trialing" and (change.restarts or (goes and behavior != "none")):
        pending.usage(box, subscription, box.store.need("subscription_item", planned["id"]), box.clock.now())


def _differs(before: Planned | None, after: Planned | None, change: Change) -> bool:
    if before is None or after is None or change.restarts:
        return True
    return bool(before["price"] != after["price"] or before["quantity"] != after["quantity"])


def _ask(box: Sandbox, subscription: Record, change: Change, planned: Planned, at: int, behavior: str) -> None:
    """The new period of a changed item and what it costs."""
    price = box.store.need("price", planned["price"])
    start, end = items.period(price, change.anchor, max(at, change.anchor))
    if end != planned["current_period_end"] or change.restarts:
        planned["current_period_start"] = start if change.restarts else at
    planned["current_period_end"] = end
    if items.is_metered(price):
        planned["debits"] = []
    elif change.restarts:
        owned = {**planned, "subscription": subscription["id"]}
        change.drawn.append(lines.for_period(box, owned, start, end))
    elif behavior != "none":
        planned["debits"] = [pending.as_debit(pending.debit(box, subscription, planned, at, (start, end)))]


def _adopt_trial(subscription: Record, change: Change) -> None:
    for planned in change.planned:
        planned["current_period_end"] = subscription["trial_end"]


def _move_trial(box: Sandbox, subscription: Record, change: Change, end: int) -> None:
    if end <= box.clock.now():
        raise invalid("trial_end must be in the future.", "trial_end")
    started = subscription["trial_start"] if subscription["status"] == "trialing" else box.clock.now()
    box.store.update(subscription, status="trialing", trial_start=started, trial_end=end, _trial_notice=False)
    _adopt_trial(subscription, change)
