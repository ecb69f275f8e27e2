"""``customer.delinquent``: whether the last thing that happened to an invoice of a customer was that its money did not come.

Source: Stripe's API reference: an automatic payment that failed, or a due date that passed, makes it true; paying any invoice
or marking one uncollectible by request makes it false; retries that end in uncollectible leave it.
Assumptions: voiding by request makes it false too, and so does an invoice with nothing due; the first payment of a
subscription, and one that an update asks for, are no automatic payments: renewals and retries are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def note(box: Sandbox, invoice: Record, *, is_behind: bool) -> None:
    """Keep in mind how an invoice of a customer stands, and tell of it if that is new."""
    customer = box.store.need("customer", invoice["customer"])
    if customer["_deleted"] or customer["delinquent"] == is_behind:
        return
    with box.events.updating(customer):
        box.store.update(customer, delinquent=is_behind)
