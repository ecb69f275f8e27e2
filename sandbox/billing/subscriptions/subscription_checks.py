"""What a new subscription is refused for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.subscriptions import endings, items
from sandbox.crud import refuse_others
from sandbox.errors import invalid, unsupported
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

SUPPORTED = (
    *("add_invoice_items", "automatic_tax", "billing_cycle_anchor", "billing_cycle_anchor_config", "billing_mode"),
    *("cancel_at", "cancel_at_period_end", "collection_method", "currency", "customer", "days_until_due"),
    *("default_payment_method", "default_tax_rates", "description", "discounts", "items", "metadata", "off_session"),
    *(
        "payment_behavior",
        "payment_settings",
        "proration_behavior",
        "trial_end",
        "trial_from_plan",
        "trial_period_days",
    ),
    "trial_settings",
)
MOST = 500
"""The subscriptions of a customer that are not over."""


def check(params: dict[str, Any]) -> None:
    """Refuse parameters that are missing, contradict each other or are not played."""
    refuse_others(params, SUPPORTED)
    for name in ("customer", "items"):
        if not params.get(name):
            raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    if len(params["items"]) > items.MOST:
        raise invalid(f"A subscription may have at most {items.MOST} items.", "items")
    check_mode(params)
    if params.get("payment_behavior") == "pending_if_incomplete":
        message = "Creating a subscription with `payment_behavior` set to `pending_if_incomplete` is not supported."
        raise invalid(message, "payment_behavior")
    if params.get("cancel_at") is not None and params.get("cancel_at_period_end"):
        message = "You may only specify one of these parameters: cancel_at, cancel_at_period_end."
        raise invalid(message, "cancel_at", "parameters_exclusive")
    sends = params.get("collection_method") == "send_invoice"
    if params.get("days_until_due") is not None and not sends:
        raise invalid("`days_until_due` can only be set if the collection method is `send_invoice`.", "days_until_due")


def check_mode(params: dict[str, Any]) -> None:
    """Every subscription here is of flexible billing mode and shows prorations net of their discounts."""
    mode = params.get("billing_mode") or {}
    if mode.get("type", "flexible") != "flexible":
        raise unsupported("billing_mode[type]")
    if (mode.get("flexible") or {}).get("proration_discounts", "included") != "included":
        raise unsupported("billing_mode[flexible][proration_discounts]")


def check_method(box: Sandbox, id: str, customer: Record) -> None:
    """A default payment method must be the customer's."""
    if box.store.need("payment_method", id, "default_payment_method")["customer"] != customer["id"]:
        raise invalid(
            f"The customer does not have a payment method with the ID {id}. The payment method must be attached to the "
            "customer.",
            "default_payment_method",
            "resource_missing",
        )


def check_customer(box: Sandbox, customer: Record, currency: str) -> None:
    """A customer is billed in one currency, and for so many subscriptions at most."""
    if customer["_deleted"]:
        raise invalid(f"No such customer: '{customer['id']}'", "customer", "resource_missing")
    live = [
        one for one in box.store.of("subscription", "customer", customer["id"]) if one["status"] not in endings.OVER
    ]
    if len(live) >= MOST:
        message = f"The customer has reached the limit of {MOST} subscriptions."
        raise invalid(message, "customer", "customer_max_subscriptions")
    for other in live:
        if other["currency"] != currency:
            message = (
                "You cannot combine currencies on a single customer. This customer has an active subscription with "
                f"currency {other['currency']}."
            )
            raise invalid(message, "items")


def prices(box: Sandbox, params: dict[str, Any], currency: str | None) -> list[Record]:
    """The prices of the items, which must fit together."""
    found: list[Record] = []
    for index, given in enumerate(params["items"]):
        price = items.wanted_price(box, given, f"items[{index}]", currency or (found[0]["currency"] if found else None))
        if price in found:
            message = f"Cannot add multiple subscription items with the same price: {price['id']}"
            raise invalid(message, f"items[{index}][price]")
        found.append(price)
    return found
