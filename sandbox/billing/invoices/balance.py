"""The customer's balance: what they owe (positive) or have as credit (negative), and a transaction for each change of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def change(box: Sandbox, customer: Record, amount: int, kind: str, currency: str, **about: Any) -> Record | None:
    """Add ``amount`` minor units to the balance and write down why; nothing happens for zero.

    ``kind`` is the ``type`` of the transaction (``applied_to_invoice``, ``credit_note`` …); ``about`` are its other
    fields, such as ``invoice``.
    """
    if amount == 0:
        return None
    after = customer["balance"] + amount
    with box.events.updating(customer):
        box.store.update(customer, balance=after, currency=customer["currency"] or currency)
    return note(box, customer, amount, kind, currency, **about)


def note(box: Sandbox, customer: Record, amount: int, kind: str, currency: str, **about: Any) -> Record:
    """Write down a change that the customer's balance already shows."""
    return box.store.add(
        {
            **box.contract.blank("customer_balance_transaction"),
            "id": new_id("cbtxn"),
            "amount": amount,
            "created": box.clock.now(),
            "currency": currency,
            "customer": customer["id"],
            "ending_balance": customer["balance"],
            "metadata": {},
            "type": kind,
            **about,
        }
    )
