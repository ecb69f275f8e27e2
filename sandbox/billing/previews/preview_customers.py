"""Whom an invoice preview is for: a customer, perhaps with other details, or somebody who is no customer yet.

Everything here is written to be undone with the preview.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.payments import methods
from sandbox.billing.taxes import tax_ids
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def named(box: Sandbox, params: dict[str, Any]) -> Record:
    """The customer of a preview for a new subscription: the one it names, or a stranger."""
    id = params.get("customer")
    customer = box.store.need("customer", id, "customer") if id else _stranger(box)
    describe(box, customer, params)
    return customer


def describe(box: Sandbox, customer: Record, params: dict[str, Any]) -> None:
    """Let a customer be as ``customer_details`` says."""
    details = params.get("customer_details") or {}
    changes: dict[str, Any] = {}
    if "address" in details:
        changes["address"] = details["address"] and {**methods.ADDRESS, **details["address"]}
    if "shipping" in details:
        changes["shipping"] = details["shipping"] and {"phone": None, **details["shipping"]}
    if "tax_exempt" in details:
        changes["tax_exempt"] = details["tax_exempt"] or "none"
    if "ip_address" in (details.get("tax") or {}):
        changes["_ip_address"] = details["tax"]["ip_address"]
    box.store.update(customer, **changes)
    if "tax_ids" in details:
        for old in tax_ids.of(box, customer):
            box.store.remove(old)
        for index, new in enumerate(details["tax_ids"]):
            tax_ids.create(box, new["type"], new["value"], customer, f"customer_details[tax_ids][{index}][value]")


def _stranger(box: Sandbox) -> Record:
    settings = dict.fromkeys(("custom_fields", "default_payment_method", "footer", "rendering_options"))
    return box.store.add(
        {
            **box.contract.blank("customer"),
            "id": new_id("cus", 14),
            "balance": 0,
            "created": box.clock.now(),
            "invoice_settings": settings,
            "metadata": {},
            "tax_exempt": "none",
            "_deleted": False,
            "_ip_address": None,
        }
    )
