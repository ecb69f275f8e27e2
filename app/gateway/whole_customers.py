"""Customers with all that is kept of them, in one answer: who is billed, the default card, the tax numbers."""

from dataclasses import dataclass
from datetime import datetime

import stripe

from app.core import clock
from app.core.transactions import release

from . import customers, listing, tax_ids
from .client import client
from .customers import BillingRecord, CustomerRecord
from .errors import translated
from .listing import Page
from .tax_ids import TaxIdRecord

PER_PAGE = 10
"""Whoever reads a page asks for the cards of each, and must be done within a lease."""


@dataclass(frozen=True)
class WholeCustomer:
    """`billing` is None for one who was deleted. `asked_at` is machine time."""

    customer: CustomerRecord
    billing: BillingRecord | None
    tax_ids: tuple[TaxIdRecord, ...]
    asked_at: datetime

    @property
    def stripe_id(self) -> str:
        return self.customer.stripe_id


def page(after: str | None, since: datetime | None) -> Page[WholeCustomer]:
    """Those made at `since` or later; none that was deleted."""
    asked_at = clock.wall()
    return listing.fetch(
        client().v1.customers.list,
        lambda found: _record(found, asked_at),
        after=after,
        since=since,
        expand=["data.tax_ids"],
        limit=PER_PAGE,
    )


def retrieve(stripe_id: str) -> WholeCustomer:
    """Raises GatewayNotFound, but not for one who was deleted."""
    release()
    asked_at = clock.wall()
    with translated():
        return _record(client().v1.customers.retrieve(stripe_id, {"expand": ["tax_ids"]}), asked_at)


def _record(customer: stripe.Customer, asked_at: datetime) -> WholeCustomer:
    record = customers.record_of(customer)
    if record.is_deleted:
        return WholeCustomer(record, None, (), asked_at)
    listed = getattr(customer, "tax_ids", None)
    numbers = tuple(tax_ids.record_of(found) for found in listed.data) if listed else ()
    if listed and listed.has_more:
        numbers = tuple(tax_ids.of_customer(record.stripe_id))
    return WholeCustomer(record, customers.billing_of(customer), numbers, asked_at)
