"""What stands here of who is billed, and what Stripe has of it, under the same names."""

from collections.abc import Iterable
from typing import Any

from app.core import drift
from app.core.money import Money
from app.gateway.customers import BillingRecord
from app.gateway.tax_ids import TaxIdRecord

from . import billing
from .models import Organization, TaxId

MINOR = {*billing.AT_STRIPE, "value"} - {"country"}
"""The country decides on the tax."""
NUMBER = ("type", "value", "verification")


def ours(organization: Organization, tax_ids: Iterable[TaxId]) -> dict[str, Any]:
    """Values of an organization, and of those of its tax numbers that Stripe was told."""
    values = {name: getattr(organization, name) for name in billing.AT_STRIPE} | _credit(organization.credit)
    for number in tax_ids:
        if number.stripe_id is not None:
            values |= _number(number.stripe_id, number)
    return values


def original(record: BillingRecord, tax_ids: Iterable[TaxIdRecord]) -> dict[str, Any]:
    """Values of a customer at Stripe."""
    values = billing.columns(record) | _credit(record.credit)
    for number in tax_ids:
        values |= _number(number.stripe_id, number)
    return values


def _credit(credit: Money | None) -> dict[str, Any]:
    return {"credit_amount": credit.amount if credit else 0, "credit_currency": credit.currency if credit else None}


def _number(stripe_id: str, number: TaxId | TaxIdRecord) -> dict[str, Any]:
    return drift.parts(f"tax_ids.{stripe_id}", {name: getattr(number, name) for name in NUMBER})
