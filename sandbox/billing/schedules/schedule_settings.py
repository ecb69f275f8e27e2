"""The default settings of a schedule: what its phases have where they say nothing themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.schedules import phases
from sandbox.errors import missing_resource, unsupported
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

INVOICES = ("account_tax_ids", "custom_fields", "days_until_due", "description", "footer")
DEFAULTS: dict[str, Any] = {
    "application_fee_percent": None,
    "automatic_tax": {"enabled": False, "disabled_reason": None, "liability": None},
    "billing_cycle_anchor": "automatic",
    "billing_thresholds": None,
    "collection_method": "charge_automatically",
    "default_payment_method": None,
    "description": None,
    "invoice_settings": {**dict.fromkeys(INVOICES), "issuer": {"type": "self"}},
    "on_behalf_of": None,
    "transfer_data": None,
}
PLAIN = ("billing_cycle_anchor", "collection_method", "default_payment_method", "description")


def of_subscription(subscription: Record) -> dict[str, Any]:
    """What a migrated subscription has."""
    kept = ("automatic_tax", "collection_method", "default_payment_method", "description")
    invoicing = {**DEFAULTS["invoice_settings"], "days_until_due": subscription["days_until_due"]}
    return {**DEFAULTS, **{name: subscription[name] for name in kept}, "invoice_settings": invoicing}


def changed(box: Sandbox, schedule: Record, given: dict[str, Any]) -> dict[str, Any]:
    """The settings after parameters; what is not played is refused by name."""
    settings = schedule["default_settings"]
    for name in set(given) - {*PLAIN, "automatic_tax", "invoice_settings"}:
        raise unsupported(f"default_settings[{name}]")
    id, param = given.get("default_payment_method"), "default_settings[default_payment_method]"
    if id and box.store.need("payment_method", id, param)["customer"] != schedule["customer"]:
        raise missing_resource("payment_method", id, param)
    invoicing = given.get("invoice_settings") or {}
    for name in set(invoicing) - {"days_until_due", "issuer"}:
        raise unsupported(f"default_settings[invoice_settings][{name}]")
    days = invoicing.get("days_until_due", settings["invoice_settings"]["days_until_due"])
    return {
        **settings,
        **{name: given[name] for name in PLAIN if name in given},
        "automatic_tax": phases.automatic_tax(given.get("automatic_tax")) or settings["automatic_tax"],
        "invoice_settings": {**settings["invoice_settings"], "days_until_due": days},
    }
