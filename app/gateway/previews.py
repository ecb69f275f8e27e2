"""What Stripe would charge: previews are asked for, never computed (https://docs.stripe.com/api/invoices/create_preview)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe

from app.core.transactions import release

from .client import client
from .errors import translated
from .subscription_changes import change_params
from .times import instant


@dataclass(frozen=True)
class PreviewLine:
    """`amount` in minor units; the service period is half-open, UTC."""

    description: str
    amount: int
    period_start: datetime
    period_end: datetime


@dataclass(frozen=True)
class PreviewRecord:
    """All amounts in minor units of `currency`."""

    currency: str
    subtotal: int
    discount: int
    tax: int
    total: int
    amount_due: int
    lines: tuple[PreviewLine, ...]


def _record(invoice: stripe.Invoice) -> PreviewRecord:
    lines = tuple(
        PreviewLine(line.description or "", line.amount, instant(line.period.start), instant(line.period.end))
        for line in invoice.lines.data
    )
    return PreviewRecord(
        currency=invoice.currency,
        subtotal=invoice.subtotal,
        discount=sum(item.amount for item in invoice.total_discount_amounts or []),
        tax=sum(item.amount for item in invoice.total_taxes or []),
        total=invoice.total,
        amount_due=invoice.amount_due,
        lines=lines,
    )


def new_subscription(price: str, *, customer: str | None) -> PreviewRecord:
    """The first paid invoice of a subscription that does not exist yet; `customer` is None before there is one."""
    who: dict[str, Any] = {"customer": customer} if customer else {"customer_details": {"tax_exempt": "none"}}
    return _ask({**who, "subscription_details": {"items": [{"price": price}]}})


def change(
    customer: str,
    subscription: str,
    *,
    item: str,
    price: str,
    quantity: int,
    proration_date: datetime,
    restart: bool,
) -> PreviewRecord:
    """The invoice that changing price and quantity now makes; `subscription_changes.change_now` with the same values makes it."""
    details = change_params(item, price, quantity, proration_date, restart)
    del details["payment_behavior"]
    return _ask({"customer": customer, "subscription": subscription, "subscription_details": details})


def recurring(
    customer: str, subscription: str, *, item: str, price: str, quantity: int, restart: bool = False
) -> PreviewRecord:
    """An ordinary renewal at this price and quantity, with what discounts are left then; no prorations."""
    details: dict[str, Any] = {
        "items": [{"id": item, "price": price, "quantity": quantity}],
        "proration_behavior": "none",
    }
    if restart:
        details["billing_cycle_anchor"] = {"type": "now"}
    who = {"customer": customer, "subscription": subscription}
    return _ask({**who, "subscription_details": details, "preview_mode": "recurring"})


def next_charge(customer: str, subscription: str) -> PreviewRecord:
    """The next invoice of a running subscription."""
    return _ask({"customer": customer, "subscription": subscription})


def _ask(params: dict[str, Any]) -> PreviewRecord:
    release()
    with translated():
        return _record(client().v1.invoices.create_preview(params))  # type: ignore[arg-type]  # a TypedDict built by parts
