"""A line of a charge as facts that can be stored: what `why` explains, whether it was previewed, billed, or kept as JSON."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.core.hooks import Hooks
from app.core.money import Money
from app.gateway.lines import LineDiscount, LineRecord, LineTax
from app.organizations.models import Organization


@dataclass(frozen=True)
class Paid:
    """What a credit gives back a part of: so many minor units, after discounts, were asked for this period."""

    amount: int
    period_start: datetime
    period_end: datetime


Finder = Callable[[Organization, Collection[str]], Mapping[str, Paid]]

billed: Hooks[Finder] = Hooks()
"""The room that keeps billed lines adds a function that finds them by their Stripe ids."""


@dataclass(frozen=True)
class Line:
    """`amount` in minor units before discounts and taxes; `unit_amount` in minor units with up to 12 decimals.

    The service period is half-open, UTC. `paid` is there for a credit whose debit is known.
    """

    description: str
    currency: str
    amount: int
    quantity: Decimal | None
    unit_amount: Decimal | None
    period_start: datetime
    period_end: datetime
    is_proration: bool
    discounts: tuple[LineDiscount, ...] = ()
    taxes: tuple[LineTax, ...] = ()
    paid: Paid | None = None

    @property
    def total(self) -> Money:
        return Money(self.amount, self.currency)


def of(organization: Organization, records: Sequence[LineRecord], currency: str) -> list[Line]:
    """The lines of a preview or an invoice as Stripe answered them; one statement where something is credited."""
    found = paid(organization, records)
    return [line(record, currency, found.get(record.stripe_id)) for record in records]


def paid(organization: Organization, records: Sequence[LineRecord]) -> dict[str, Paid]:
    """For each credit that gives back a part of one known line, that line, by the Stripe id of the credit."""
    # Stripe names one line per credit; for several it could not be said which part is whose.
    credited = {record.stripe_id: record.credited[0] for record in records if len(record.credited) == 1}
    known: dict[str, Paid] = {}
    for find in billed if credited else []:
        known.update(find(organization, set(credited.values())))
    return {credit: known[debit] for credit, debit in credited.items() if debit in known}


def line(record: LineRecord, currency: str, paid: Paid | None = None) -> Line:
    return Line(
        description=record.description,
        currency=currency,
        amount=record.amount,
        quantity=record.quantity,
        unit_amount=record.unit_amount,
        period_start=record.period_start,
        period_end=record.period_end,
        is_proration=record.is_proration,
        discounts=record.discounts,
        taxes=record.taxes,
        paid=paid,
    )


def stored(line: Line) -> dict[str, Any]:
    """As JSON, for `restored`; the currency is kept once for all lines."""
    return {
        "description": line.description,
        "amount": line.amount,
        "quantity": _text(line.quantity),
        "unit_amount": _text(line.unit_amount),
        "period": [line.period_start.isoformat(), line.period_end.isoformat()],
        "is_proration": line.is_proration,
        "discounts": stored_discounts(line.discounts),
        "taxes": stored_taxes(line.taxes),
        "paid": stored_paid(line.paid),
    }


def restored(facts: Mapping[str, Any], currency: str) -> Line | None:
    """The line again; None for one that was kept with its description and amount alone."""
    if "period" not in facts:
        return None
    start, end = facts["period"]
    return Line(
        description=facts["description"],
        currency=currency,
        amount=facts["amount"],
        quantity=_number(facts["quantity"]),
        unit_amount=_number(facts["unit_amount"]),
        period_start=datetime.fromisoformat(start),
        period_end=datetime.fromisoformat(end),
        is_proration=facts["is_proration"],
        discounts=discounts(facts["discounts"]),
        taxes=taxes(facts["taxes"]),
        paid=paid_of(facts["paid"]),
    )


def stored_discounts(discounts: Sequence[LineDiscount]) -> list[dict[str, Any]]:
    return [{"amount": each.amount, "name": each.name, "percent": _text(each.percent)} for each in discounts]


def discounts(facts: Sequence[Mapping[str, Any]]) -> tuple[LineDiscount, ...]:
    return tuple(LineDiscount(each["amount"], each["name"], _number(each["percent"])) for each in facts)


def stored_taxes(taxes: Sequence[LineTax]) -> list[dict[str, Any]]:
    return [
        {"amount": tax.amount, "rate": _text(tax.rate), "is_inclusive": tax.is_inclusive, "reason": tax.reason}
        for tax in taxes
    ]


def taxes(facts: Sequence[Mapping[str, Any]]) -> tuple[LineTax, ...]:
    return tuple(LineTax(tax["amount"], _number(tax["rate"]), tax["is_inclusive"], tax["reason"]) for tax in facts)


def stored_paid(paid: Paid | None) -> dict[str, Any] | None:
    if paid is None:
        return None
    return {"amount": paid.amount, "period": [paid.period_start.isoformat(), paid.period_end.isoformat()]}


def paid_of(facts: Mapping[str, Any] | None) -> Paid | None:
    if facts is None:
        return None
    start, end = (datetime.fromisoformat(instant) for instant in facts["period"])
    return Paid(facts["amount"], start, end)


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
