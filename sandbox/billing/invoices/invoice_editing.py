"""Invoices made by hand, and what can be changed about an invoice.

Assumptions: an invoice for a subscription has the ``billing_reason`` manual; days until due are counted from the creation
of the draft; without ``discounts`` an invoice takes those of its subscription; what was pending before a draft took it up
is pending again when the draft is deleted, the draft's other items go with it; pending items of subscriptions go into an
invoice that includes what is pending and names no subscription.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import (
    discounts,
    drafts,
    invoice_fields,
    invoice_items,
    invoice_outcomes,
    invoices,
    lines,
    pending,
)
from sandbox.billing.subscriptions import items
from sandbox.errors import invalid, missing_resource
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

BY_HAND: dict[str, Any] = {"auto_advance": False, "collection_method": "charge_automatically"}


def create(box: Sandbox, params: dict[str, Any]) -> Record:
    """The draft that ``POST /v1/invoices`` asks for."""
    invoice_fields.check(params)
    customer, subscription = _owners(box, params)
    currency = _currency(params, customer, subscription)
    taken = _pending(box, params, customer, subscription, currency)
    invoice = invoices.draft(box, customer, taken, subscription, **BY_HAND, currency=currency)
    items.note_invoiced(box, taken)
    _apply(box, invoice, params)
    drafts.recalculate(box, invoice)
    invoices.announce(box, invoice)
    return invoice


def update(box: Sandbox, invoice: Record, params: dict[str, Any]) -> None:
    """Apply ``POST /v1/invoices/…``; of a final invoice only little can be changed."""
    invoice_fields.check(params)
    if invoice["status"] != "draft":
        if set(params) - set(invoice_fields.OF_FINAL):
            invoice_outcomes.need_draft(invoice)
        with box.events.updating(invoice):
            box.store.update(invoice, **invoice_fields.changed(box, params, invoice))
        return
    with drafts.editing(box, invoice):
        _apply(box, invoice, params)


def delete(box: Sandbox, invoice: Record) -> None:
    """Remove a draft that has nothing to do with a subscription."""
    if invoice["status"] != "draft":
        raise invalid("You can only delete draft invoices.", code="invoice_not_editable")
    if invoice["_subscription"]:
        raise invalid("You cannot delete an invoice of a subscription; finalize and void it instead.")
    gone = drafts.lines_of(box, invoice)
    for item in (box.store.need("invoiceitem", line["_invoice_item"]) for line in gone):
        if item.get("_made_for") == invoice["id"]:
            invoice_items.discard(box, item)
        else:
            box.store.update(item, invoice=None)
    box.events.record("invoice.deleted", invoice)
    for record in (*gone, invoice):
        box.store.remove(record)


def _apply(box: Sandbox, invoice: Record, params: dict[str, Any]) -> None:
    box.store.update(invoice, **invoice_fields.changed(box, params, invoice))
    if "discounts" in params:
        box.store.update(invoice, discounts=discounts.redeem(box, params["discounts"] or [], invoice))


def _owners(box: Sandbox, params: dict[str, Any]) -> tuple[Record, Record | None]:
    if not params.get("customer"):
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = box.store.need("customer", params["customer"], "customer")
    if customer["_deleted"]:
        raise missing_resource("customer", customer["id"], "customer")
    if not params.get("subscription"):
        return customer, None
    subscription = box.store.need("subscription", params["subscription"], "subscription")
    if subscription["customer"] != customer["id"]:
        raise invalid("The subscription belongs to another customer.", "subscription")
    return customer, subscription


def _currency(params: dict[str, Any], customer: Record, subscription: Record | None) -> str:
    billed = subscription["currency"] if subscription else customer["currency"]
    currency = str(params.get("currency") or billed or invoices.DEFAULT_CURRENCY).lower()
    if billed and currency != billed:
        message = f"You cannot combine currencies on a single customer. This customer is billed in {billed}."
        raise invalid(message, "currency")
    return currency


def _pending(
    box: Sandbox, params: dict[str, Any], customer: Record, subscription: Record | None, currency: str
) -> list[Record]:
    if params.get("pending_invoice_items_behavior", "exclude") == "exclude":
        return []
    if subscription:
        found = [one for one in pending.of(box, subscription) if one["_subscription"]]
    else:
        found = invoice_items.waiting(box, customer["id"], currency)
    return [lines.for_invoice_item(box, one) for one in found]
