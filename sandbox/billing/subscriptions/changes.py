"""Changing a subscription: plain fields, items with proration, anchor, trial, end.

For whoever changes a subscription without a request (a schedule that enters a phase): :func:`apply_plain` puts plain fields
in place; ``change_plan.prepare`` works out items, anchor and trial, with their prorations as pending items; :func:`apply`
puts that in place; :func:`bill` drafts the invoice, if :func:`bills_now` says so. Done before the renewal of the same
instant is drawn, the renewal bills the new items.
Assumptions: ``always_invoice`` bills the prorations alone, with whatever was pending; a change that resets the anchor
bills at once; items that are added for the next invoice make none by themselves, as Stripe says of flexible billing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import added_items, discounts, invoices, pending
from sandbox.billing.payments import collection
from sandbox.billing.subscriptions import change_plan, endings, holding, items, update_checks, waiting
from sandbox.billing.subscriptions.change_plan import Change
from sandbox.billing.taxes import tax_wishes
from sandbox.crud import merged
from sandbox.errors import missing_resource
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

PLAIN = ("collection_method", "days_until_due", "default_payment_method", "default_tax_rates", "description")


def update(box: Sandbox, subscription: Record, params: dict[str, Any]) -> None:
    """Apply ``POST /v1/subscriptions/…``."""
    update_checks.check(box, subscription, params)
    tax_wishes.check(box, params, box.store.need("customer", subscription["customer"]), subscription)
    if subscription["_pending"] and holding.replaces(params):
        waiting.expire_update(box, subscription)
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior == "pending_if_incomplete":
        _update_later(box, subscription, params)
        return
    with box.events.updating(subscription):
        change, is_prorated = put(box, subscription, params)
        invoice = bill(box, subscription, change) if bills(change, is_prorated, params) else None
    if invoice:
        _send(box, invoice, behavior, params)


def put(box: Sandbox, subscription: Record, params: dict[str, Any]) -> tuple[Change | None, bool]:
    """Put everything that parameters ask for in place; answers the change of items and whether anything was prorated."""
    apply_plain(box, subscription, params)
    added_items.add(box, subscription, params.get("add_invoice_items"))
    change = change_plan.prepare(box, subscription, params)
    if change:
        apply(box, subscription, change)
    moves_end = endings.schedule(box, subscription, params)
    if moves_end:
        endings.prorate(box, subscription)
    endings.describe(box, subscription, params)
    return change, change is not None or moves_end


def apply(box: Sandbox, subscription: Record, change: Change) -> None:
    """Put a prepared change in place."""
    box.store.update(subscription, billing_cycle_anchor=change.anchor, **change.fields)
    items.put(box, subscription, change.planned)
    change.is_applied = True


def bills_now(change: Change, params: dict[str, Any]) -> bool:
    """Whether a change is billed at once, by itself or because the parameters say so."""
    return change.restarts or params.get("proration_behavior") == "always_invoice"


def bills(change: Change | None, is_prorated: bool, params: dict[str, Any]) -> bool:
    """The same of everything that :func:`put` did."""
    if change and bills_now(change, params):
        return True
    return is_prorated and params.get("proration_behavior") == "always_invoice"


def bill(box: Sandbox, subscription: Record, change: Change | None) -> Record | None:
    """The draft of the invoice for a change, with everything pending; None when there is nothing on it."""
    drawn = [*pending.drawn(box, subscription), *(change.drawn if change else [])]
    if not drawn:
        return None
    customer = box.store.need("customer", subscription["customer"])
    invoice = invoices.draft(box, customer, drawn, subscription, billing_reason="subscription_update")
    items.note_invoiced(box, drawn)
    if change:
        _note_debits(box, change, drawn)
    discounts.use_up(box, subscription, invoice)
    box.store.update(subscription, latest_invoice=invoice["id"])
    return invoice


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
    if params.get("payment_settings"):
        changes["payment_settings"] = {**subscription["payment_settings"], **params["payment_settings"]}
    if params.get("trial_settings"):
        known, given = subscription["trial_settings"]["end_behavior"], params["trial_settings"]["end_behavior"]
        changes["trial_settings"] = {"end_behavior": {**known, **given}}
    if "pause_collection" in params:
        given = params["pause_collection"]
        changes["pause_collection"] = given and {"resumes_at": None, **given}
    box.store.update(subscription, **changes)
    if "discounts" in params:
        discounts.replace(box, subscription, params["discounts"] or [])


def _update_later(box: Sandbox, subscription: Record, params: dict[str, Any]) -> None:
    """Let an update wait for its payment; where there is nothing to pay, there is nothing to wait for."""
    holding.check(subscription, params)
    mark, before = box.store.savepoint(), box.render(subscription)
    added_items.add(box, subscription, params.get("add_invoice_items"))
    change = change_plan.prepare(box, subscription, params)
    invoice = bill(box, subscription, change) if change and bills_now(change, params) else None
    if invoice is None or change is None:
        box.store.rollback_to(mark)
        with box.events.updating(subscription):
            put(box, subscription, params)
        return
    box.events.record_update(subscription, before)
    holding.hold(box, subscription, change, invoice, params)
    _send(box, invoice, "pending_if_incomplete", params)
    holding.show(box, subscription, change, params)


def _note_debits(box: Sandbox, change: Change, drawn: list[Record]) -> None:
    """What was asked for the planned items is on an invoice now."""
    asked = items.debits_of([line for line in drawn if not line["_invoice_item"]])
    taken = items.taken_up(drawn)
    for planned in change.planned:
        known = [items.invoiced(debit, taken) for debit in planned["debits"]]
        planned["debits"] = asked.get(planned["id"], known)
        if change.is_applied:
            box.store.update(box.store.need("subscription_item", planned["id"]), _debits=planned["debits"])


def _send(box: Sandbox, invoice: Record, behavior: str, params: dict[str, Any]) -> None:
    """Let the invoice for a change be final, and try to collect it as asked."""
    invoices.announce(box, invoice)
    invoices.finalize(box, invoice)
    collection.settle_free(box, invoice)
    if invoice["status"] != "open" or invoice["collection_method"] != "charge_automatically":
        return
    if behavior == "default_incomplete":
        collection.await_payment(box, invoice)
        return
    problem = collection.pay(box, invoice, None, off_session=bool(params.get("off_session")))
    if problem and (behavior == "error_if_incomplete" or problem.status != 402):
        problem.keep = False
        raise problem
