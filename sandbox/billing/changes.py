"""Changing a subscription: plain fields, items with proration, anchor, trial.

Assumptions: ``always_invoice`` bills the prorations alone, with whatever was pending; a change that resets the anchor
bills at once.
Simplification: any parameter may ride along with ``pending_if_incomplete``; all but the items apply at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing import automatic_tax, change_plan, collection, discounts, endings, invoices, items, pending
from sandbox.billing.change_plan import CHANGES_MONEY, Change
from sandbox.billing.items import Planned
from sandbox.crud import merged, refuse_others
from sandbox.errors import invalid, missing_resource
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

PLAIN = ("collection_method", "days_until_due", "default_payment_method", "default_tax_rates", "description")
SUPPORTED = (
    *PLAIN,
    *CHANGES_MONEY,
    *("automatic_tax", "cancel_at", "cancel_at_period_end", "cancellation_details", "discounts", "metadata"),
    *("off_session", "pause_collection", "payment_behavior", "payment_settings", "proration_behavior"),
    *("proration_date", "trial_settings"),
)
PENDING_FOR = 23 * 3600


def update(box: Sandbox, subscription: Record, params: dict[str, Any]) -> None:
    """Apply ``POST /v1/subscriptions/…``."""
    check(subscription, params)
    if (params.get("automatic_tax") or {}).get("enabled"):
        customer = box.store.need("customer", subscription["customer"])
        automatic_tax.need_location(box, customer, "automatic_tax[enabled]")
    behavior = params.get("payment_behavior", "allow_incomplete")
    held = behavior == "pending_if_incomplete"
    with box.events.updating(subscription):
        apply_plain(box, subscription, params)
        change = change_plan.prepare(box, subscription, params)
        if change and not held:
            apply(box, subscription, change)
        if "cancel_at_period_end" in params or "cancel_at" in params:
            endings.schedule(box, subscription, params)
        endings.describe(box, subscription, params)
    if change is None:
        return
    invoice = bill(box, subscription, change) if bills_now(change, params) else None
    if invoice is None:
        if held:
            _apply_later(box, subscription, change)
        return
    if held:
        _hold(box, subscription, change, invoice)
    invoices.announce(box, invoice)
    invoices.finalize(box, invoice)
    collection.settle_free(box, invoice)
    _collect(box, invoice, behavior, params)


def apply(box: Sandbox, subscription: Record, change: Change) -> None:
    """Put a prepared change in place."""
    over = subscription["trial_end"] is not None and subscription["trial_end"] <= box.clock.now()
    status = "active" if subscription["status"] == "trialing" and over else subscription["status"]
    box.store.update(subscription, billing_cycle_anchor=change.anchor, status=status)
    items.put(box, subscription, change.planned)


def bills_now(change: Change, params: dict[str, Any]) -> bool:
    return change.restarts or params.get("proration_behavior") == "always_invoice"


def bill(box: Sandbox, subscription: Record, change: Change) -> Record | None:
    """The draft of the invoice for a change, with everything pending; None when there is nothing on it."""
    drawn = [*pending.drawn(box, subscription), *change.drawn]
    if not drawn:
        return None
    customer = box.store.need("customer", subscription["customer"])
    invoice = invoices.draft(box, customer, drawn, subscription, billing_reason="subscription_update")
    items.note_invoiced(box, drawn)
    asked = items.debits_of(drawn)
    for planned in change.planned:
        planned["debits"] = asked.get(planned["id"], planned["debits"])
    for item in items.of(box, subscription):
        fitting = next((one for one in change.planned if one["id"] == item["id"]), None)
        if fitting and fitting["price"] == item["price"] and fitting["quantity"] == item["quantity"]:
            box.store.update(item, _debits=fitting["debits"])
    discounts.use_up(box, subscription, invoice)
    box.store.update(subscription, latest_invoice=invoice["id"])
    return invoice


def check(subscription: Record, params: dict[str, Any]) -> None:
    """Refuse what the state of a subscription does not allow."""
    refuse_others(params, SUPPORTED)
    if subscription["status"] in endings.OVER and set(params) - {"metadata", "cancellation_details"}:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    if subscription["status"] == "incomplete" and any(name in params for name in CHANGES_MONEY):
        raise invalid("This subscription is incomplete: pay or void its first invoice before changing it.")
    at = params.get("proration_date")
    if at is not None and not subscription["start_date"] <= at < (subscription["_boundary"] or at + 1):
        raise invalid("proration_date must lie in the current period.", "proration_date")


def apply_plain(box: Sandbox, subscription: Record, params: dict[str, Any]) -> None:
    """Apply the parameters that move no money by themselves."""
    changes = {name: params[name] for name in PLAIN if name in params}
    if params.get("default_payment_method"):
        method = box.store.need("payment_method", params["default_payment_method"], "default_payment_method")
        if method["customer"] != subscription["customer"]:
            raise missing_resource("payment_method", method["id"], "default_payment_method")
    if "default_tax_rates" in changes:
        changes["default_tax_rates"] = changes["default_tax_rates"] or []
    if "metadata" in params:
        changes["metadata"] = merged(subscription["metadata"], params["metadata"])
    if "automatic_tax" in params:
        enabled = params["automatic_tax"]["enabled"]
        liability = {"type": "self"} if enabled else None
        changes["automatic_tax"] = {"enabled": enabled, "disabled_reason": None, "liability": liability}
    for name in ("payment_settings", "trial_settings"):
        if params.get(name):
            changes[name] = {**subscription[name], **params[name]}
    if "pause_collection" in params:
        given = params["pause_collection"]
        changes["pause_collection"] = given and {"resumes_at": None, **given}
    box.store.update(subscription, **changes)
    if "discounts" in params:
        used = discounts.redeem(box, params["discounts"] or [], subscription)
        box.store.update(subscription, discounts=used)


def _hold(box: Sandbox, subscription: Record, change: Change, invoice: Record) -> None:
    """Keep the old items until the invoice is paid."""
    shown = [{**_shown_item(box, subscription, one)} for one in change.planned]
    with box.events.updating(subscription):
        box.store.update(
            subscription,
            pending_update={
                "billing_cycle_anchor": change.anchor if change.restarts else None,
                "expires_at": box.clock.now() + PENDING_FOR,
                "subscription_items": shown,
                "trial_end": None,
                "trial_from_plan": None,
            },
            _pending={"invoice": invoice["id"], "items": change.planned, "anchor": change.anchor},
        )


def _shown_item(box: Sandbox, subscription: Record, planned: Planned) -> dict[str, Any]:
    record = {
        **box.contract.blank("subscription_item"),
        **{name: planned[name] for name in planned if name != "debits"},
        "created": box.clock.now(),
        "discounts": [],
        "subscription": subscription["id"],
    }
    return box.render(record)


def _apply_later(box: Sandbox, subscription: Record, change: Change) -> None:
    """Nothing to pay, nothing to wait for."""
    with box.events.updating(subscription):
        apply(box, subscription, change)


def _collect(box: Sandbox, invoice: Record, behavior: str, params: dict[str, Any]) -> None:
    if invoice["status"] != "open" or invoice["collection_method"] != "charge_automatically":
        return
    if behavior == "default_incomplete":
        collection.await_payment(box, invoice)
        return
    problem = collection.pay(box, invoice, None, off_session=bool(params.get("off_session")))
    if problem and (behavior == "error_if_incomplete" or problem.status != 402):
        problem.keep = False
        raise problem
