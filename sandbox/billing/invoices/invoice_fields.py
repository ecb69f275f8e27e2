"""The fields of an invoice that its maker decides: checked, and as they are kept.

Simplifications: nothing of Connect, no shipping cost, no revisions, no tax ids of the account; of the payment settings
only the method types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.payments import methods
from sandbox.billing.taxes import tax_wishes
from sandbox.crud import changed_fields, refuse
from sandbox.errors import invalid, missing_resource, unsupported
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

UNSUPPORTED = (
    *(
        "account_tax_ids",
        "application_fee_amount",
        "customer_account",
        "default_source",
        "from_invoice",
        "on_behalf_of",
    ),
    *("shipping_cost", "transfer_data"),
)
PLAIN = (
    *("auto_advance", "collection_method", "custom_fields", "description", "due_date", "effective_at", "footer"),
    *("number", "statement_descriptor"),
)
OF_FINAL = ("auto_advance", "default_payment_method", "metadata", "payment_settings")
"""What can still be changed once an invoice is final."""
DRAFT_FOR = 3600
"""Seconds until a draft that advances by itself is finalized."""
DAY = 86400
LATEST = 5 * 365 * DAY
MOST_CUSTOM_FIELDS = 4
RENDERING = dict.fromkeys(("amount_tax_display", "pdf", "template", "template_version"))
SHIPPING = dict.fromkeys(("carrier", "phone", "tracking_number"))


def check(params: dict[str, Any]) -> None:
    """Refuse what is not played, and what can be seen to be wrong without looking at anything else."""
    refuse(params, UNSUPPORTED)
    settings = params.get("payment_settings") or {}
    for name in settings:
        if name != "payment_method_types":
            raise unsupported(f"payment_settings[{name}]")
    for owner in (params.get("issuer"), (params.get("automatic_tax") or {}).get("liability")):
        if owner and owner["type"] != "self":
            raise invalid("This sandbox has no connected accounts: the type must be self.", "issuer[type]")
    if len(params.get("custom_fields") or []) > MOST_CUSTOM_FIELDS:
        raise invalid(f"An invoice may have at most {MOST_CUSTOM_FIELDS} custom fields.", "custom_fields")
    descriptor = params.get("statement_descriptor")
    if descriptor and not any(letter.isalpha() for letter in descriptor):
        raise invalid("The statement descriptor must contain at least one letter.", "statement_descriptor")


def changed(box: Sandbox, params: dict[str, Any], invoice: Record) -> Record:
    """What the parameters change about an invoice, apart from its discounts."""
    changes = changed_fields(params, invoice, PLAIN)
    if "default_payment_method" in params:
        changes["default_payment_method"] = _method(box, params["default_payment_method"], invoice["customer"])
    if "default_tax_rates" in params:
        changes["default_tax_rates"] = params["default_tax_rates"] or []
        tax_wishes.check_rates(box, changes["default_tax_rates"], "default_tax_rates", invoice["default_tax_rates"])
    if "automatic_tax" in params:
        changes["automatic_tax"] = _automatic_tax(params["automatic_tax"]["enabled"], invoice["automatic_tax"])
    if "payment_settings" in params:
        changes["payment_settings"] = {**invoice["payment_settings"], **(params["payment_settings"] or {})}
    if "rendering" in params:
        changes["rendering"] = {**RENDERING, **(invoice["rendering"] or {}), **params["rendering"]}
    if "shipping_details" in params:
        changes["shipping_details"] = _shipping(params["shipping_details"])
    if params.get("number"):
        _need_free_number(box, params["number"], invoice)
    changes |= _due(box, params, {**invoice, **changes})
    return changes | _advancing(box, params, {**invoice, **changes})


def _due(box: Sandbox, params: dict[str, Any], after: Record) -> Record:
    """When the money is due: a day for invoices that are sent, none for the others."""
    if after["status"] != "draft":
        return {}
    days, due = params.get("days_until_due"), params.get("due_date")
    if days is not None and due is not None:
        message = "You may only specify one of these parameters: days_until_due, due_date."
        raise invalid(message, "days_until_due", "parameters_exclusive")
    if after["collection_method"] == "charge_automatically":
        for name in ("days_until_due", "due_date"):
            if params.get(name) is not None:
                raise invalid(f"`{name}` is for invoices with `collection_method=send_invoice` only.", name)
        return {"due_date": None}
    if days is not None:
        due = after["created"] + days * DAY
    due = due or after["due_date"]
    if due is None and not after["_subscription"]:
        message = "If `collection_method=send_invoice`, you must pass `days_until_due` or `due_date`."
        raise invalid(message, "days_until_due", "parameter_missing")
    if due is not None and due < box.clock.now():
        raise invalid("The due date must not be in the past.", "due_date" if days is None else "days_until_due")
    return {"due_date": due}


def _advancing(box: Sandbox, params: dict[str, Any], after: Record) -> Record:
    """When a draft is finalized by itself, and that nothing happens by itself without ``auto_advance``."""
    now, at = box.clock.now(), params.get("automatically_finalizes_at")
    if at is not None:
        if params.get("auto_advance") is False:
            message = "An invoice with `auto_advance=false` is not finalized by itself."
            raise invalid(message, "automatically_finalizes_at")
        if not now < at <= now + LATEST:
            message = "automatically_finalizes_at must be in the future, by at most five years."
            raise invalid(message, "automatically_finalizes_at")
        return {"auto_advance": True, "automatically_finalizes_at": at}
    if params.get("auto_advance") is False:
        return {"automatically_finalizes_at": None, "next_payment_attempt": None}
    if params.get("auto_advance") and after["status"] == "draft":
        return {"automatically_finalizes_at": after["automatically_finalizes_at"] or now + DRAFT_FOR}
    return {}


def _method(box: Sandbox, id: str | None, customer: str) -> str | None:
    if id is None:
        return None
    method = box.store.need("payment_method", id, "default_payment_method")
    if method["customer"] != customer:
        raise missing_resource("payment_method", id, "default_payment_method")
    return id


def _automatic_tax(enabled: bool, before: dict[str, Any]) -> dict[str, Any]:
    liability, provider = ({"type": "self"}, "stripe") if enabled else (None, None)
    return {**before, "enabled": enabled, "liability": liability, "provider": provider}


def _shipping(given: dict[str, Any] | None) -> dict[str, Any] | None:
    return given and {**SHIPPING, **given, "address": {**methods.ADDRESS, **given["address"]}}


def _need_free_number(box: Sandbox, number: str, invoice: Record) -> None:
    if any(one["number"] == number and one["id"] != invoice["id"] for one in box.store.list("invoice")):
        raise invalid(f"Another invoice already has the number {number}.", "number", "resource_already_exists")
