"""Invoice previews: do it, look at the invoice, undo it.

So a preview shows exactly what the same call then produces. What an existing subscription previews is worked out in
:mod:`sandbox.billing.previews.preview_changes`; a customer alone previews the next renewal among their subscriptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import invoices
from sandbox.billing.previews import preview_changes, preview_customers, preview_items, schedule_previews
from sandbox.billing.subscriptions import subscriptions
from sandbox.billing.usage import credits
from sandbox.crud import refuse
from sandbox.expansion import Tree
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

UNSUPPORTED = ("customer_account", "on_behalf_of")
UNSUPPORTED_DETAILS = ("billing_schedules",)
OF_EXISTING = ("cancel_now", "pause", "proration_date", "resume_at")
"""``subscription_details`` that mean nothing for a new subscription."""
RENEWING = ("active", "past_due", "trialing", "unpaid")


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
        if schedule_previews.are_asked_for(params):
            subscription, made = schedule_previews.prepare(box, params)
            invoice = made or preview_changes.invoice_of(box, subscription, {})
        elif params.get("subscription"):
            subscription = box.store.need("subscription", params["subscription"], "subscription")
            customer = box.store.need("customer", subscription["customer"])
            preview_customers.describe(box, customer, params)
            preview_items.put(box, params, customer, subscription)
            invoice = preview_changes.invoice_of(box, subscription, params)
        else:
            invoice = _of_new(box, params, details)
        return _shown(box, invoice, expand)


def upcoming(box: Sandbox, subscription: Record) -> dict[str, Any]:
    """The next renewal, as ``invoice.upcoming`` carries it."""
    with undone(box):
        return _shown(box, preview_changes.renewal(box, subscription), {})


def _of_new(box: Sandbox, params: dict[str, Any], details: dict[str, Any]) -> Record:
    customer = preview_customers.named(box, params)
    preview_items.put(box, params, customer)
    if not details.get("items"):
        following = _next_of(box, customer) if "customer" in params else None
        if following is None:
            return preview_items.alone(box, params, customer)
        return preview_changes.invoice_of(box, following, params)
    kept = {key: value for key, value in details.items() if key not in OF_EXISTING}
    wish = {**kept, "customer": customer["id"], "discounts": params.get("discounts")}
    if "automatic_tax" in params:
        wish["automatic_tax"] = params["automatic_tax"]
    anchor = wish.pop("billing_cycle_anchor", None)
    if anchor and anchor["type"] == "timestamp":
        wish["billing_cycle_anchor"] = anchor["timestamp"]
    subscription = subscriptions.prepare(box, wish)
    if params.get("preview_mode") == "recurring":
        return preview_changes.renewal(box, subscription)
    invoice = subscriptions.first_invoice(box, subscription)
    return invoice or preview_changes.empty(box, subscription)


def _next_of(box: Sandbox, customer: Record) -> Record | None:
    """The subscription of a customer that renews next."""
    found = box.store.of("subscription", "customer", customer["id"])
    renewing = [one for one in found if one["status"] in RENEWING and one["_boundary"] is not None]
    return min(renewing, key=lambda one: int(one["_boundary"]), default=None)


def _shown(box: Sandbox, invoice: Record, expand: Tree) -> dict[str, Any]:
    credits.apply(box, invoice, booked=False)
    if 0 < invoice["amount_due"] < invoices.SMALLEST_CHARGE:
        owed = (invoice["ending_balance"] or 0) + invoice["amount_due"]
        box.store.update(invoice, amount_due=0, amount_remaining=0, ending_balance=owed)
    shown = box.render(invoice, expand)
    id = new_id("upcoming_in")
    lines = {**shown["lines"], "url": f"/v1/invoices/{id}/lines"}
    lines["data"] = [{**line, "invoice": id} for line in lines["data"]]
    return {**shown, "id": id, "billing_reason": "upcoming", "lines": lines, "status": "draft"}
