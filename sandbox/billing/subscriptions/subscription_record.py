"""What a new subscription looks like before anything happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing import settings
from sandbox.crud import new_metadata
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

INVOICE_SETTINGS = ("account_tax_ids", "custom_fields", "description", "footer")


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
        "invoice_settings": {**dict.fromkeys(INVOICE_SETTINGS), "issuer": {"type": "self"}},
        "items": [],
        "start_date": now,
        "status": "incomplete",
        "trial_start": now if trial_end else None,
        "trial_end": trial_end,
        "_pending": None,
        "_resuming": None,
        "_boundary": None,
        "_first_period": params.get("proration_behavior", "create_prorations"),
        "_upcoming_ahead": settings.upcoming_ahead(box),
        "_upcoming_for": None,
        "_trial_notice": False,
    }


def _as_asked(params: dict[str, Any]) -> Record:
    """What the request decides, with Stripe's defaults for what it leaves open."""
    automatic_tax = bool((params.get("automatic_tax") or {}).get("enabled"))
    paying = params.get("payment_settings") or {}
    ending = (params.get("trial_settings") or {}).get("end_behavior") or {}
    return {
        "automatic_tax": {
            "enabled": automatic_tax,
            "disabled_reason": None,
            "liability": {"type": "self"} if automatic_tax else None,
        },
        "billing_cycle_anchor_config": _anchor_config(params.get("billing_cycle_anchor_config")),
        "cancel_at_period_end": False,
        "collection_method": params.get("collection_method", "charge_automatically"),
        "days_until_due": params.get("days_until_due"),
        "default_payment_method": params.get("default_payment_method"),
        "default_tax_rates": params.get("default_tax_rates") or [],
        "description": params.get("description"),
        "metadata": new_metadata(params),
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": paying.get("payment_method_types"),
            "save_default_payment_method": paying.get("save_default_payment_method", "off"),
        },
        "trial_settings": {
            "end_behavior": {
                "missing_payment_method": ending.get("missing_payment_method", "create_invoice"),
                "billing_cycle_anchor": ending.get("billing_cycle_anchor"),
            }
        },
    }


def _anchor_config(given: dict[str, int] | None) -> dict[str, int | None] | None:
    names = ("day_of_month", "hour", "minute", "month", "second")
    return {name: given.get(name) for name in names} if given else None
