"""Invoice previews: do it, look at the invoice, undo it.

So a preview shows exactly what the same call then produces. Assumptions: a change with ``always_invoice`` (or a reset
anchor) previews the invoice made at once, any other the next renewal with the prorations on it; ``recurring`` shows a
renewal without anything pending.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sandbox.billing import (
    change_plan,
    changes,
    credits,
    discounts,
    endings,
    invoices,
    items,
    pending,
    preview_customers,
    renewals,
    subscriptions,
)
from sandbox.crud import refuse
from sandbox.errors import invalid
from sandbox.rendering import Tree
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

UNSUPPORTED = ("customer_account", "invoice_items", "on_behalf_of", "schedule", "schedule_details")
UNSUPPORTED_DETAILS = ("billing_schedules", "pause", "resume_at")


@contextmanager
def undone(box: Sandbox) -> Iterator[None]:
    """Everything the block writes is undone at its end, events included."""
    mark = box.store.savepoint()
    try:
        yield
    finally:
        box.store.rollback_to(mark)


def preview(box: Sandbox, params: dict[str, Any], expand: Tree) -> dict[str, Any]:
    """The answer to ``POST /v1/invoices/create_preview``."""
    refuse(params, UNSUPPORTED)
    details = params.get("subscription_details") or {}
    refuse(details, UNSUPPORTED_DETAILS)
    with undone(box):
        if params.get("subscription"):
            subscription = box.store.need("subscription", params["subscription"], "subscription")
            preview_customers.describe(box, box.store.need("customer", subscription["customer"]), params)
            invoice = _of_existing(box, subscription, params, details)
        else:
            invoice = _of_new(box, params, details)
        return _shown(box, invoice, expand)


def upcoming(box: Sandbox, subscription: Record) -> dict[str, Any]:
    """The next renewal, as ``invoice.upcoming`` carries it."""
    with undone(box):
        return _shown(box, _renewal(box, subscription), {})


def _of_new(box: Sandbox, params: dict[str, Any], details: dict[str, Any]) -> Record:
    customer = preview_customers.named(box, params)["id"]
    kept = {key: value for key, value in details.items() if key not in ("proration_date", "cancel_now")}
    wish = {**kept, "customer": customer, "discounts": params.get("discounts")}
    if "automatic_tax" in params:
        wish["automatic_tax"] = params["automatic_tax"]
    anchor = wish.pop("billing_cycle_anchor", None)
    if anchor and anchor["type"] == "timestamp":
        wish["billing_cycle_anchor"] = anchor["timestamp"]
    subscription = subscriptions.prepare(box, wish)
    if params.get("preview_mode") == "recurring":
        return _renewal(box, subscription)
    invoice = subscriptions.first_invoice(box, subscription)
    return invoice or _empty(box, subscription)


def _of_existing(box: Sandbox, subscription: Record, params: dict[str, Any], details: dict[str, Any]) -> Record:
    if subscription["status"] in endings.OVER:
        raise invalid(
            "You cannot preview the upcoming invoice for a canceled subscription.", code="invoice_upcoming_none"
        )
    if "automatic_tax" in params:
        changes.apply_plain(box, subscription, {"automatic_tax": params["automatic_tax"]})
    if details.get("cancel_now"):
        return _of_cancellation(box, subscription, details)
    wish = {key: value for key, value in details.items() if key != "cancel_now"}
    if "discounts" in params:
        wish["discounts"] = params["discounts"]
    changes.check(subscription, wish)
    changes.apply_plain(box, subscription, wish)
    change = change_plan.prepare(box, subscription, wish)
    endings.schedule(box, subscription, wish)
    if change:
        if changes.bills_now(change, wish) and params.get("preview_mode") != "recurring":
            changes.apply(box, subscription, change)
            return changes.bill(box, subscription, change) or _empty(box, subscription)
        changes.apply(box, subscription, change)
    if subscription["cancel_at"] and subscription["cancel_at"] <= subscription["_boundary"]:
        return _last(box, subscription)
    if params.get("preview_mode") == "recurring":
        for one in pending.of(box, subscription):
            box.store.remove(one)
    return _renewal(box, subscription)


def _of_cancellation(box: Sandbox, subscription: Record, details: dict[str, Any]) -> Record:
    at = details.get("proration_date") or box.clock.now()
    if details.get("proration_behavior", "create_prorations") != "none" and subscription["status"] != "trialing":
        for item in items.of(box, subscription):
            pending.credit(box, subscription, items.plan_of(item), at)
    return _last(box, subscription)


def _last(box: Sandbox, subscription: Record) -> Record:
    """The invoice that ends a subscription: what is pending and nothing new."""
    drawn = pending.drawn(box, subscription)
    if not drawn:
        return _empty(box, subscription)
    customer = box.store.need("customer", subscription["customer"])
    return invoices.draft(box, customer, drawn, subscription)


def _renewal(box: Sandbox, subscription: Record) -> Record:
    with box.clock.at(max(subscription["_boundary"], box.clock.now())):
        kept = [one["id"] for one in discounts.of(box, subscription["discounts"])]
        box.store.update(subscription, discounts=kept)
        return renewals.draw(box, subscription) or _empty(box, subscription)


def _empty(box: Sandbox, subscription: Record) -> Record:
    customer = box.store.need("customer", subscription["customer"])
    return invoices.draft(box, customer, [], subscription, currency=subscription["currency"])


def _shown(box: Sandbox, invoice: Record, expand: Tree) -> dict[str, Any]:
    credits.apply(box, invoice, booked=False)
    shown = box.render(invoice, expand)
    id = new_id("upcoming_in")
    lines = {**shown["lines"], "url": f"/v1/invoices/{id}/lines"}
    lines["data"] = [{**line, "invoice": id} for line in lines["data"]]
    return {**shown, "id": id, "billing_reason": "upcoming", "lines": lines, "status": "draft"}
