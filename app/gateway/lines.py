"""The lines of an invoice, of one that was made and of one that is only asked for: the same facts of both."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import stripe

from .client import client
from .errors import translated
from .expandable import id_of
from .times import instant

EXPAND = ["total_discount_amounts.discount.source.coupon", "total_discount_amounts.discount.promotion_code"]
"""What an invoice is to bring along, so that its discounts have names; the lines themselves lie too deep to expand."""


@dataclass(frozen=True)
class LineDiscount:
    """`amount` in minor units; `name` is the promotion code, or else the coupon's name, "" when it has neither."""

    amount: int
    name: str
    percent: Decimal | None


@dataclass(frozen=True)
class LineTax:
    """`amount` in minor units, `rate` in percent; `reason` is Stripe's word, such as `standard_rated`."""

    amount: int
    rate: Decimal | None
    is_inclusive: bool
    reason: str


@dataclass(frozen=True)
class LineRecord:
    """`amount` and `subtotal` (before discounts) in minor units; `unit_amount` in minor units with up to 12 decimals.

    The service period is half-open, UTC. `credited` names the lines that a proration gives back a part of, by Stripe id.
    """

    stripe_id: str
    description: str
    amount: int
    subtotal: int
    quantity: Decimal | None
    unit_amount: Decimal | None
    price: str | None
    item: str | None
    period_start: datetime
    period_end: datetime
    is_proration: bool
    discounts: tuple[LineDiscount, ...]
    taxes: tuple[LineTax, ...]
    credited: tuple[str, ...]


def records(invoice: stripe.Invoice, lines: Iterable[stripe.InvoiceLineItem]) -> tuple[LineRecord, ...]:
    """The `lines` of an `invoice` that brought EXPAND along. Asks Stripe for each tax rate this process never met."""
    discounts = {id_of(each.discount): each.discount for each in invoice.total_discount_amounts or []}
    rates: dict[str | None, Decimal] = {rate.id: _decimal(rate.percentage) for rate in invoice.default_tax_rates}
    return tuple(_record(line, discounts, rates) for line in lines)


def _record(
    line: stripe.InvoiceLineItem, discounts: dict[str | None, Any], rates: dict[str | None, Decimal]
) -> LineRecord:
    pricing = line.pricing
    details = pricing.price_details if pricing else None
    quantity = line.quantity_decimal if line.quantity_decimal is not None else line.quantity
    parent: Any = _parent(line)
    return LineRecord(
        stripe_id=line.id,
        description=line.description or "",
        amount=line.amount,
        subtotal=line.subtotal,
        quantity=None if quantity is None else Decimal(quantity),
        unit_amount=pricing.unit_amount_decimal if pricing else None,
        price=id_of(details.price) if details else None,
        item=getattr(parent, "subscription_item", None),
        period_start=instant(line.period.start),
        period_end=instant(line.period.end),
        is_proration=bool(parent and parent.proration),
        discounts=tuple(_discounts(line, discounts)),
        taxes=tuple(_tax(tax, rates) for tax in line.taxes or []),
        credited=tuple(_credited(parent)),
    )


def _parent(line: stripe.InvoiceLineItem) -> Any:
    return line.parent and (line.parent.subscription_item_details or line.parent.invoice_item_details)


def _credited(parent: Any) -> Iterable[str]:
    details = getattr(parent, "proration_details", None)
    items = getattr(details, "credited_items", None)
    return items.invoice_line_items if items else ()


def _discounts(line: stripe.InvoiceLineItem, known: dict[str | None, Any]) -> Iterator[LineDiscount]:
    for each in line.discount_amounts or []:
        if each.amount:
            discount = known.get(id_of(each.discount))
            coupon = getattr(getattr(discount, "source", None), "coupon", None)
            code = getattr(getattr(discount, "promotion_code", None), "code", None)
            percent = getattr(coupon, "percent_off", None)
            name = code or getattr(coupon, "name", None) or ""
            yield LineDiscount(each.amount, str(name), None if percent is None else _decimal(percent))


def _tax(tax: Any, known: dict[str | None, Decimal]) -> LineTax:
    stripe_id = tax.tax_rate_details and tax.tax_rate_details.tax_rate
    if stripe_id and stripe_id not in known:
        known[stripe_id] = _rate(stripe_id)
    return LineTax(tax.amount, known.get(stripe_id), tax.tax_behavior == "inclusive", tax.taxability_reason)


@lru_cache(maxsize=1024)
def _rate(stripe_id: str) -> Decimal:
    """Percent; a tax rate never changes it (https://docs.stripe.com/api/tax_rates/update)."""
    with translated():
        return _decimal(client().v1.tax_rates.retrieve(stripe_id).percentage)


def _decimal(number: Any) -> Decimal:
    """Stripe's JSON numbers, without what a binary fraction adds: 7.7 is 7.7."""
    return Decimal(f"{Decimal(str(number)).normalize():f}")
