"""A customer with everything that is theirs, as a tree to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.ownership import TEST_CLOCK
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


@dataclass(frozen=True)
class Branch:
    """A record and what hangs on it."""

    record: Record
    branches: list[Branch] = field(default_factory=list)


@dataclass(frozen=True)
class Group:
    """Branches of one kind under a heading."""

    name: str
    branches: list[Branch]


OWNED = (
    ("Payment methods", "payment_method"),
    ("Payments", "payment_intent"),
    ("Setups", "setup_intent"),
    ("Balance", "customer_balance_transaction"),
    ("Credit grants", "billing.credit_grant"),
    ("Tax ids", "tax_id"),
    ("Discounts", "discount"),
)
"""What hangs on a customer without a tree of its own: heading and type."""


def grown(box: Sandbox, customer: Record) -> list[Group]:
    """The groups that have something in them, subscriptions and their invoices first."""
    store, id = box.store, customer["id"]
    invoices = store.of("invoice", "customer", id)[::-1]
    alone = [one for one in invoices if not one.get("_subscription")]
    own_clock = store.get(TEST_CLOCK, customer["test_clock"]) if customer.get("test_clock") else None
    subscriptions = store.of("subscription", "customer", id)[::-1]
    groups = [
        Group("Test clock", _bare([own_clock] if own_clock else [])),
        Group("Subscriptions", [_subscription(box, one, invoices) for one in subscriptions]),
        Group("Schedules to come", _bare(_unattached(box, id))),
        Group("Invoices by hand", [_invoice(box, one) for one in alone]),
        Group("Pending items", _bare(one for one in store.of("invoiceitem", "customer", id) if not one.get("invoice"))),
        *(Group(name, _bare(store.of(kind, "customer", id)[::-1])) for name, kind in OWNED),
    ]
    return [group for group in groups if group.branches]


def _subscription(box: Sandbox, subscription: Record, invoices: Iterable[Record]) -> Branch:
    store = box.store
    items = [Branch(store.need("subscription_item", one), _price(box, one)) for one in subscription["items"]]
    schedule = store.get("subscription_schedule", subscription["schedule"] or "")
    own = [_invoice(box, one) for one in invoices if one.get("_subscription") == subscription["id"]]
    return Branch(subscription, [*items, *_bare([schedule] if schedule else []), *own])


def _price(box: Sandbox, item: str) -> list[Branch]:
    price = box.store.need("subscription_item", item)["price"]
    found = box.store.get("price", price) if isinstance(price, str) else None
    return [Branch(found)] if found else []


def _invoice(box: Sandbox, invoice: Record) -> Branch:
    store = box.store
    lines = (store.get("line_item", one) if isinstance(one, str) else one for one in invoice["lines"])
    payments = [Branch(one, _bare(_paid_by(box, one))) for one in store.of("invoice_payment", "invoice", invoice["id"])]
    notes = store.of("credit_note", "invoice", invoice["id"])
    return Branch(invoice, [*_bare(one for one in lines if one), *payments, *_bare(notes)])


def _paid_by(box: Sandbox, payment: Record) -> Iterator[Record]:
    """The intent behind a payment of an invoice, its charges and their refunds."""
    intent = box.store.get("payment_intent", payment.get("_payment_intent") or "")
    if intent is None:
        return
    yield intent
    for charge in box.store.of("charge", "payment_intent", intent["id"]):
        yield charge
        yield from (refund for refund in box.store.list("refund") if refund.get("charge") == charge["id"])


def _unattached(box: Sandbox, customer: str) -> list[Record]:
    schedules = box.store.of("subscription_schedule", "customer", customer)
    return [one for one in schedules if not one.get("subscription")]


def _bare(records: Iterable[Record]) -> list[Branch]:
    return [Branch(record) for record in records]
