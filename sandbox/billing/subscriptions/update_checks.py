"""What an update of a subscription is refused for, before anything is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.schedules import schedule_outcomes
from sandbox.billing.subscriptions import endings, items
from sandbox.billing.subscriptions.change_plan import CHANGES_MONEY
from sandbox.crud import refuse_others
from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

SUPPORTED = (
    *CHANGES_MONEY,
    *("add_invoice_items", "automatic_tax", "cancel_at", "cancel_at_period_end", "cancellation_details"),
    *("collection_method", "days_until_due", "default_payment_method", "default_tax_rates", "description", "discounts"),
    *("metadata", "off_session", "pause_collection", "payment_behavior", "payment_settings", "proration_behavior"),
    *("proration_date", "trial_settings"),
)
OF_OVER = ("cancellation_details", "metadata")
NOT_PAUSED = ("billing_cycle_anchor", "trial_end", "trial_from_plan")


def check(box: Sandbox, subscription: Record, params: dict[str, Any]) -> None:
    """Refuse what the sandbox does not play, and what the state of the subscription does not allow."""
    refuse_others(params, SUPPORTED)
    schedule_outcomes.refuse_cancellation(subscription, params)
    _check_status(subscription, params)
    if params.get("cancel_at") is not None and params.get("cancel_at_period_end"):
        message = "You may only specify one of these parameters: cancel_at, cancel_at_period_end."
        raise invalid(message, "cancel_at", "parameters_exclusive")
    method = params.get("collection_method", subscription["collection_method"])
    if params.get("days_until_due") is not None and method != "send_invoice":
        raise invalid("`days_until_due` can only be set if the collection method is `send_invoice`.", "days_until_due")
    resumes_at = (params.get("pause_collection") or {}).get("resumes_at")
    if resumes_at is not None and resumes_at <= box.clock.now():
        raise invalid("resumes_at must be in the future.", "pause_collection[resumes_at]")
    _check_date(box, subscription, params.get("proration_date"))


def _check_status(subscription: Record, params: dict[str, Any]) -> None:
    status = subscription["status"]
    if status in endings.OVER and set(params) - set(OF_OVER):
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    if status == "incomplete" and any(name in params for name in CHANGES_MONEY):
        raise invalid("This subscription is incomplete: pay or void its first invoice before changing it.")
    if status == "paused":
        for name in NOT_PAUSED:
            if name in params:
                raise invalid(f"You cannot set `{name}` while the subscription is paused. Resume it first.", name)


def _check_date(box: Sandbox, subscription: Record, at: int | None) -> None:
    if at is None:
        return
    starts = min(item["current_period_start"] for item in items.of(box, subscription))
    if not starts <= at < (subscription["_boundary"] or at + 1):
        raise invalid("proration_date must lie in the current period.", "proration_date")
