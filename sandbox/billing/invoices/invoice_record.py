"""What an invoice carries besides lines and sums, and where that comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.taxes import tax_ids
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def constants() -> dict[str, Any]:
    """What every new draft has in common."""
    return {
        "account_name": "Sandbox",
        "amount_overpaid": 0,
        "amount_paid_off_stripe": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {
            "enabled": False,
            "disabled_reason": None,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "issuer": {"type": "self"},
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        "total_pretax_credit_amounts": [],
    }


def about_customer(box: Sandbox, customer: Record) -> dict[str, Any]:
    """What an invoice copies from its customer, frozen at finalization."""
    return {
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": tax_ids.frozen(box, customer),
    }


def texts(customer: Record) -> dict[str, Any]:
    """What a customer wants on their invoices, unless an invoice says otherwise."""
    settings = customer["invoice_settings"]
    options = settings["rendering_options"]
    rendering = options and {**options, "pdf": None, "template_version": None}
    return {"custom_fields": settings["custom_fields"], "footer": settings["footer"], "rendering": rendering}


def about_subscription(subscription: Record) -> dict[str, Any]:
    """What an invoice copies from the subscription it bills."""
    details = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
    return {
        "automatic_tax": {
            "enabled": subscription["automatic_tax"]["enabled"],
            "disabled_reason": None,
            "liability": subscription["automatic_tax"]["liability"],
            "provider": "stripe" if subscription["automatic_tax"]["enabled"] else None,
            "status": "complete" if subscription["automatic_tax"]["enabled"] else None,
        },
        "collection_method": subscription["collection_method"],
        "parent": {"type": "subscription_details", "subscription_details": details, "quote_details": None},
    }
