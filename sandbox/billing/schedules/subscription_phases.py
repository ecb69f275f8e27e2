"""A subscription as the running phase of its schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.schedules import phases
from sandbox.billing.subscriptions import items
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def mirror(box: Sandbox, subscription: Record) -> None:
    """A subscription with a schedule was changed directly: the running phase is what the subscription is now."""
    schedule = box.store.get("subscription_schedule", subscription["schedule"] or "")
    if schedule is None:
        return
    now = of_subscription(box, subscription)
    kept = ("automatic_tax", "collection_method", "default_payment_method", "default_tax_rates", "description")
    found = {name: now[name] for name in (*kept, "discounts", "items", "metadata", "trial_end")}
    with box.events.updating(schedule):
        box.store.update(
            schedule,
            phases=[
                {**phase, **found} if phase["start_date"] == schedule["current_phase"]["start_date"] else phase
                for phase in schedule["phases"]
            ],
        )


def of_subscription(box: Sandbox, subscription: Record) -> phases.Phase:
    """The running period of a subscription as a phase."""
    found = items.of(box, subscription)
    own = {name: subscription[name] for name in ("collection_method", "default_payment_method", "description")}
    rates = subscription["default_tax_rates"]
    return {
        **phases.blank(subscription["currency"], min(item["current_period_start"] for item in found)),
        **own,
        "automatic_tax": subscription["automatic_tax"],
        "default_tax_rates": list(rates),
        "discounts": [_reused(id) for id in subscription["discounts"]],
        "end_date": subscription["cancel_at"] or subscription["_boundary"],
        "items": [_item_of(item) for item in found],
        "metadata": dict(subscription["metadata"]),
        "trial_end": subscription["trial_end"] if subscription["status"] == "trialing" else None,
    }


def _item_of(item: Record) -> dict[str, Any]:
    """A subscription item as a phase has it."""
    return {
        **phases.entry(item["price"], item["quantity"], item["metadata"], item["tax_rates"]),
        "discounts": [_reused(id) for id in item["discounts"]],
    }


def _reused(id: str) -> dict[str, Any]:
    """A discount that exists, as a phase names it."""
    return {**dict.fromkeys(phases.DISCOUNT), "discount": id}
