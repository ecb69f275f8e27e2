"""Working out a change of items, anchor or trial: the new items and periods, the prorations, the new periods to bill.

Nothing of the subscription itself changes here; what does is in the :class:`Change`.
Assumptions: changed items are prorated even when an earlier invoice is unpaid; while a subscription is paused its items
change without prorations; a trial that begins in the middle of a period credits the rest of it.
Simplification: a trial that is prolonged makes no invoice of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import pending, proration_lines
from sandbox.billing.subscriptions import item_changes, items, trials
from sandbox.billing.subscriptions.items import Planned
from sandbox.errors import ApiError
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

CHANGES_MONEY = ("items", "billing_cycle_anchor", "trial_end", "trial_from_plan")
"""The parameters of an update that can move money."""


@dataclass
class Change:
    """What a change of items means, before it is applied."""

    anchor: int
    restarts: bool
    """Whether new periods begin now, which is billed at once."""
    planned: list[Planned]
    drawn: list[Record] = field(default_factory=list)
    """Lines for new periods; prorations are pending invoice items."""
    fields: dict[str, Any] = field(default_factory=dict)
    """What else changes of the subscription: its trial, and its status with it."""
    is_applied: bool = False


def prepare(box: Sandbox, subscription: Record, params: dict[str, Any]) -> Change | None:
    """Work out a change of items, anchor or trial and store its prorations as pending; None when nothing changes."""
    if not any(name in params for name in CHANGES_MONEY):
        return None
    now, trialing = box.clock.now(), subscription["status"] == "trialing"
    old = [items.plan_of(item) for item in items.of(box, subscription)]
    wanted = item_changes.wanted(box, subscription, params)
    until = trials.wished_end(box, params, [one["price"] for one in wanted])
    resets = (params.get("billing_cycle_anchor") or {}).get("type") == "now"
    if resets and (until or (trialing and until != 0)):
        raise _anchor_in_trial()
    ends_trial = until == 0 and trialing
    change = Change(subscription["billing_cycle_anchor"], resets or ends_trial, wanted)
    keeps_anchor = subscription["trial_settings"]["end_behavior"]["billing_cycle_anchor"] == "unchanged"
    if resets or (ends_trial and not keeps_anchor):
        change.anchor = now
    behavior = params.get("proration_behavior", "create_prorations")
    if until:
        change.anchor = change.anchor if keeps_anchor else until
        _begin_trial(box, subscription, change, old, until, behavior)
    elif trialing and not ends_trial:
        trials.adopt(change.planned, subscription["trial_end"])
    else:
        change.fields = {"trial_end": now, "status": "active"} if ends_trial else {}
        behavior = "none" if subscription["status"] == "paused" else behavior
        _prorate(box, subscription, change, old, params.get("proration_date") or now, behavior)
    return change


def restart(box: Sandbox, subscription: Record, change: Change, planned: Planned) -> None:
    """Let an item's period begin now and be billed: a whole one, or up to the next boundary of an anchor that stays."""
    price, now = box.store.need("price", planned["price"]), box.clock.now()
    end = items.period(price, change.anchor, now)[1]
    planned |= {"current_period_start": now, "current_period_end": end, "debits": []}
    if not items.is_metered(price):
        owned = {**planned, "subscription": subscription["id"]}
        change.drawn.append(proration_lines.for_stretch(box, owned, change.anchor, now, subscription["cancel_at"]))


def _anchor_in_trial() -> ApiError:
    return ApiError(
        "The billing cycle anchor cannot be earlier than the end of the trial. End the trial first.",
        code="subscription_update_trial_after_billing_cycle_anchor",
        param="billing_cycle_anchor",
    )


def _begin_trial(
    box: Sandbox, subscription: Record, change: Change, old: list[Planned], until: int, behavior: str
) -> None:
    """Let a trial begin, or last longer or shorter than it would have."""
    now = box.clock.now()
    prolongs = subscription["status"] == "trialing"
    started = subscription["trial_start"] if prolongs else now
    change.fields = {"status": "trialing", "trial_start": started, "trial_end": until, "_trial_notice": False}
    trials.adopt(change.planned, until)
    if prolongs:
        return
    for planned in old:
        if behavior != "none":
            pending.credit(box, subscription, planned, now)
        if _is_metered(box, planned) and subscription["status"] != "paused":
            pending.usage(box, subscription, box.store.need("subscription_item", planned["id"]), now)
    for planned in change.planned:
        planned |= {"current_period_start": now, "debits": []}


def _prorate(box: Sandbox, subscription: Record, change: Change, old: list[Planned], at: int, behavior: str) -> None:
    before = {one["id"]: one for one in old}
    after = {one["id"]: one for one in change.planned}
    for id, planned in before.items():
        if behavior != "none" and _differs(planned, after.get(id), change):
            pending.credit(box, subscription, planned, at)
        if _is_metered(box, planned):
            _bill_usage(box, subscription, change, planned, after.get(id), behavior)
    for id, planned in after.items():
        if not _differs(before.get(id), planned, change):
            continue
        if change.restarts:
            restart(box, subscription, change, planned)
        else:
            since = max(at, planned["current_period_start"]) if id in before else at
            _ask(box, subscription, planned, since, behavior)


def _bill_usage(
    box: Sandbox, subscription: Record, change: Change, planned: Planned, after: Planned | None, behavior: str
) -> None:
    """Usage is billed at the price it was reported under, unless ``none`` asks to forget it with its price."""
    goes = after is None or after["price"] != planned["price"]
    if after and goes:
        after["_usage_from"] = box.clock.now()
    if subscription["status"] not in ("trialing", "paused") and (change.restarts or (goes and behavior != "none")):
        pending.usage(box, subscription, box.store.need("subscription_item", planned["id"]), box.clock.now())


def _is_metered(box: Sandbox, planned: Planned) -> bool:
    return items.is_metered(box.store.need("price", planned["price"]))


def _differs(before: Planned | None, after: Planned | None, change: Change) -> bool:
    if before is None or after is None or change.restarts:
        return True
    return bool(before["price"] != after["price"] or before["quantity"] != after["quantity"])


def _ask(box: Sandbox, subscription: Record, planned: Planned, at: int, behavior: str) -> None:
    """The new period of a changed item, and what the rest of it costs."""
    price = box.store.need("price", planned["price"])
    start, end = items.period(price, subscription["billing_cycle_anchor"], at)
    if end != planned["current_period_end"]:
        planned["current_period_start"] = at
    planned["current_period_end"] = end
    until = min(end, subscription["cancel_at"] or end)
    if items.is_metered(price):
        planned["debits"] = []
    elif behavior != "none":
        asked = pending.debit(box, subscription, planned, at, until, (start, end)) if until > at else None
        planned["debits"] = [pending.as_debit(asked)] if asked else []
