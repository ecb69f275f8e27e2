"""What a new subscription looks like before anything happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def build(
    box: Sandbox, params: dict[str, Any], customer: Record, price: Record, anchor: int, trial_end: int | None
) -> Record:
    """The record of a subscription that is about to start; ``price`` is that of its first item."""
    now = box.clock.now()
    return {
        **box.contract.blank("subscription"),
        **_as_asked(params),
        "id": new_id("sub"),
        "billing_cycle_anchor": anchor,
        "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "included"}, "updated_at": now},
        "billing_schedules": [],
        "cancellation_details": dict.fromkeys(("comment", "feedback", "feedback_option", "reason")),
        "created": now,
        "currency": price["currency"],
        "customer": customer["id"],
        "discounts": [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": [],
        "start_date": now,
        "status": "incomplete",
        "trial_start": now if trial_end else None,
        "trial_end": trial_end,
        "_pending": None,
        "_boundary": None,
        "_upcoming_for": None,
        "_trial_notice": False,
    }


def _as_asked(params: dict[str, Any]) -> Record:
    """What the request decides, with Stripe's defaults for what it leaves open."""
    automatic_tax = bool((params.get("automatic_tax") or {}).get("enabled"))
    settings = params.get("payment_settings") or {}
    ending = (params.get("trial_settings") or {}).get("end_behavior") or {}
    return {
        "automatic_tax": {
            "enabled": automatic_tax,
            "disabled_reason": None,
            "liability": {"type": "self"} if automatic_tax else None,
        },
        "cancel_at": params.get("cancel_at"),
        "cancel_at_period_end": bool(params.get("cancel_at_period_end")),
        "collection_method": params.get("collection_method", "charge_automatically"),
        "days_until_due": params.get("days_until_due"),
        "default_payment_method": params.get("default_payment_method"),
        "default_tax_rates": params.get("default_tax_rates") or [],
        "description": params.get("description"),
        "metadata": params.get("metadata") or {},
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": settings.get("payment_method_types"),
            "save_default_payment_method": settings.get("save_default_payment_method", "off"),
        },
        "trial_settings": {
            "end_behavior": {
                "missing_payment_method": ending.get("missing_payment_method", "create_invoice"),
                "billing_cycle_anchor": ending.get("billing_cycle_anchor"),
            }
        },
    }
