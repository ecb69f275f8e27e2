"""What time does to invoices.

Assumption: a renewal invoice is finalized and charged one hour after the period ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.billing import collection, invoices
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox
    from sandbox.cycle import Deed


def deeds(invoice: Record) -> Iterator[tuple[int, Deed]]:
    """What will happen to an invoice by itself, and when; of two at the same instant the first one comes first."""
    if invoice["status"] == "draft" and invoice["automatically_finalizes_at"]:
        yield invoice["automatically_finalizes_at"], _finalize
    if invoice["status"] == "open" and invoice["next_payment_attempt"]:
        yield invoice["next_payment_attempt"], _retry


def _finalize(box: Sandbox, invoice: Record) -> None:
    invoices.finalize(box, invoice)
    collection.settle_free(box, invoice)
    if invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
        collection.pay(box, invoice, None, off_session=True, automatic=True)


def _retry(box: Sandbox, invoice: Record) -> None:
    box.store.update(invoice, next_payment_attempt=None)
    collection.pay(box, invoice, None, off_session=True, automatic=True)
