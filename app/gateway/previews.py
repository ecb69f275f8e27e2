"""What Stripe would charge: previews are asked for, never computed (https://docs.stripe.com/api/invoices/create_preview)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe

from app.core.money import Money
from app.core.transactions import release

from . import lines
from .client import client
from .errors import translated
from .expandable import id_of
from .lines import LineRecord
from .subscription_changes import change_params


@dataclass(frozen=True)
class PreviewRecord:
    """All amounts in minor units of `currency`."""

    currency: str
    subtotal: int
    discount: int
    tax: int
    total: int
    amount_due: int
    lines: tuple[LineRecord, ...]
    discounts: tuple[str, ...] = ()
    """Ids of those that take something off."""
    balance: int = 0
    """The customer's balance afterwards: below zero they have a credit, above it something to pay with a later invoice."""

    def money(self, amount: int) -> Money:
        return Money(amount, self.currency)


def _record(invoice: stripe.Invoice) -> PreviewRecord:
    return PreviewRecord(
        currency=invoice.currency,
        subtotal=invoice.subtotal,
        discount=sum(item.amount for item in invoice.total_discount_amounts or []),
        tax=sum(item.amount for item in invoice.total_taxes or []),
        total=invoice.total,
        amount_due=invoice.amount_due,
        lines=lines.records(invoice, invoice.lines.data),
        discounts=tuple(id_of(item.discount) or "" for item in invoice.total_discount_amounts or [] if item.amount),
        balance=getattr(invoice, "ending_balance", None) or 0,
    )


def new_subscription(
    price: str, *, customer: str | None, quantity: int = 1, promotion: str | None = None
) -> PreviewRecord:
    """The first paid invoice of a subscription that does not exist yet; `customer` is None before there is one.

    `promotion` is the id of a promotion code, which Stripe checks as it would when it is used. Raises GatewayRefused.
    """
    who: dict[str, Any] = {"customer": customer} if customer else {"customer_details": {"tax_exempt": "none"}}
    if promotion:
        who["discounts"] = [{"promotion_code": promotion}]
    return _ask({**who, "subscription_details": {"items": [{"price": price, "quantity": quantity}]}})


def of_invoice(stripe_id: str) -> PreviewRecord:
    """An invoice that was made already, read as the preview of what it will charge."""
    release()
    with translated():
        return _record(client().v1.invoices.retrieve(stripe_id, {"expand": lines.EXPAND}))


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
    customer: str,
    subscription: str,
    *,
    item: str,
    price: str,
    quantity: int,
    restart: bool = False,
    discounts: Sequence[str] | None = None,
) -> PreviewRecord:
    """An ordinary renewal at this price and quantity, with what discounts are left then, or with `discounts`; no prorations."""
    details: dict[str, Any] = {
        "items": [{"id": item, "price": price, "quantity": quantity}],
        "proration_behavior": "none",
    }
    if restart:
        details["billing_cycle_anchor"] = {"type": "now"}
    who: dict[str, Any] = {"customer": customer, "subscription": subscription}
    if discounts is not None:
        who["discounts"] = _reused(discounts)
    return _ask({**who, "subscription_details": details, "preview_mode": "recurring"})


def afresh(customer: str, *, price: str, quantity: int, discounts: Sequence[str]) -> PreviewRecord:
    """A whole period at this price and quantity for a customer, whatever a schedule has in mind for their subscription."""
    details = {"items": [{"price": price, "quantity": quantity}]}
    return _ask({"customer": customer, "subscription_details": details, "discounts": _reused(discounts)})


def _reused(discounts: Sequence[str]) -> Any:
    return [{"discount": one} for one in discounts] or ""


def resumption(customer: str, subscription: str) -> PreviewRecord:
    """The invoice that resuming a paused subscription now makes."""
    details = {"resume_at": "now"}
    return _ask({"customer": customer, "subscription": subscription, "subscription_details": details})


def next_charge(customer: str, subscription: str) -> PreviewRecord:
    """The next invoice of a running subscription."""
    return _ask({"customer": customer, "subscription": subscription})


def with_code(customer: str, subscription: str, promotion: str, kept: Sequence[str]) -> PreviewRecord:
    """The next invoice once a promotion code, by its id, is added to the discounts `kept`. Raises GatewayRefused."""
    wanted = [*({"discount": one} for one in kept), {"promotion_code": promotion}]
    return _ask({"customer": customer, "subscription": subscription, "discounts": wanted})


def without(customer: str, subscription: str, kept: Sequence[str]) -> PreviewRecord:
    """The next invoice once only the discounts `kept` are left."""
    return _ask({"customer": customer, "subscription": subscription, "discounts": _reused(kept)})


def with_coupon(customer: str, subscription: str, coupon: str, kept: Sequence[str]) -> PreviewRecord:
    """The next invoice once `coupon` is added to the discounts `kept`."""
    wanted = [*({"discount": one} for one in kept), {"coupon": coupon}]
    return _ask({"customer": customer, "subscription": subscription, "discounts": wanted})


def _ask(params: dict[str, Any]) -> PreviewRecord:
    release()
    with translated():
        return _record(client().v1.invoices.create_preview({**params, "expand": lines.EXPAND}))  # type: ignore[arg-type]  # a TypedDict built by parts
