"""Updates with ``payment_behavior=pending_if_incomplete``: they count when their invoice is paid, or never.

Sources: https://docs.stripe.com/billing/subscriptions/pending-updates-reference (the parameters that may be held, and when
a pending update expires) and the changelog of 2026-09-30.endive (``cancel_at_period_end`` may be held too).
Assumptions: ``metadata`` may be held, as ``pending_update`` has a place for it, and ``off_session`` may ride along; a later
update of items, anchor, trial or end expires a pending one.
Simplification: ``discounts`` cannot be held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.subscriptions import endings
from sandbox.billing.subscriptions.change_plan import CHANGES_MONEY, Change
from sandbox.billing.subscriptions.items import Planned
from sandbox.crud import merged
from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

HOLDABLE = (
    *CHANGES_MONEY,
    *("add_invoice_items", "cancel_at_period_end", "metadata", "off_session", "payment_behavior"),
    *("proration_behavior", "proration_date"),
)
HOLDABLE_OF_ITEM = ("clear_usage", "deleted", "id", "price", "price_data", "quantity")
REPLACES = (*CHANGES_MONEY, "cancel_at", "cancel_at_period_end")
LASTS = 23 * 3600


def check(subscription: Record, params: dict[str, Any]) -> None:
    """Refuse what cannot be held."""
    if subscription["collection_method"] != "charge_automatically":
        message = "Pending updates are only supported for subscriptions that charge automatically."
        raise invalid(message, "payment_behavior")
    found = [name for name in params if name not in HOLDABLE]
    for index, item in enumerate(params.get("items") or []):
        found += [f"items[{index}][{name}]" for name in item if name not in HOLDABLE_OF_ITEM]
    if found:
        message = f"You cannot pass `{found[0]}` when `payment_behavior` is set to `pending_if_incomplete`."
        raise invalid(message, found[0])


def replaces(params: dict[str, Any]) -> bool:
    """Whether an update leaves no room for one that is still pending."""
    return any(name in params for name in REPLACES)


def hold(box: Sandbox, subscription: Record, change: Change, invoice: Record, params: dict[str, Any]) -> None:
    """Let a change wait for its invoice, which nobody sees as long as that may be paid right away."""
    fields = {"billing_cycle_anchor": change.anchor, **change.fields}
    if "metadata" in params:
        fields["metadata"] = merged(subscription["metadata"], params["metadata"])
    if params.get("cancel_at_period_end"):
        end = min(one["current_period_end"] for one in change.planned)
        fields |= {"cancel_at_period_end": True, **endings.planned_end(box, subscription, end)}
    elif "cancel_at_period_end" in params:
        fields |= {"cancel_at_period_end": False, **endings.planned_end(box, subscription, None)}
    box.store.update(subscription, _pending={"invoice": invoice["id"], "items": change.planned, "fields": fields})


def show(box: Sandbox, subscription: Record, change: Change, params: dict[str, Any]) -> None:
    """Let a change that still waits be seen as ``pending_update``."""
    if subscription["_pending"] is None:
        return
    now = box.clock.now()
    anchor = change.anchor if change.anchor != subscription["billing_cycle_anchor"] else None
    with box.events.updating(subscription):
        box.store.update(
            subscription,
            pending_update={
                "billing_cycle_anchor": anchor,
                "cancel_at_period_end": params.get("cancel_at_period_end"),
                "expires_at": min(now + LASTS, subscription["_boundary"] or now + LASTS),
                "metadata": params.get("metadata"),
                "subscription_items": [_shown(box, subscription, one) for one in change.planned],
                "trial_end": change.fields.get("trial_end"),
                "trial_from_plan": params.get("trial_from_plan"),
            },
        )


def _shown(box: Sandbox, subscription: Record, planned: Planned) -> dict[str, Any]:
    record = {
        **box.contract.blank("subscription_item"),
        **{name: planned[name] for name in planned if name != "debits"},
        "created": box.clock.now(),
        "subscription": subscription["id"],
    }
    return box.render(record)
