"""What time does to invoices.

Assumptions: a renewal invoice is finalized and charged one hour after the period ended; ``invoice.will_be_due`` comes three
days ahead, ``invoice.overdue`` when the day is there, both whether or not the invoice advances by itself.
Simplification: a subscription whose sent invoice is overdue stays ``past_due``, no further deadline cancels it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sandbox.billing.invoices import delinquency, invoices
from sandbox.billing.payments import collection
from sandbox.billing.subscriptions import standing
from sandbox.store import Record

NOTICE_AHEAD = 3 * 86400

if TYPE_CHECKING:
    from sandbox.core import Sandbox
    from sandbox.cycle import Deed


def deeds(invoice: Record) -> Iterator[tuple[int, Deed]]:
    """What will happen to an invoice by itself, and when; of two at the same instant the first one comes first."""
    if invoice["status"] == "draft" and invoice["automatically_finalizes_at"]:
        yield invoice["automatically_finalizes_at"], _finalize
    if invoice["status"] == "open" and invoice["next_payment_attempt"]:
        yield invoice["next_payment_attempt"], _retry
    if invoice["status"] == "open" and invoice["due_date"]:
        yield from _reminders(invoice)


def _reminders(invoice: Record) -> Iterator[tuple[int, Deed]]:
    """What is told of an invoice that was sent: that it will be due, unless that is too near, and that it is."""
    due, told = invoice["due_date"], invoice.get("_told")
    if told is None and due - NOTICE_AHEAD > invoice["status_transitions"]["finalized_at"]:
        yield due - NOTICE_AHEAD, _announce_due
    elif told != "overdue":
        yield due, _tell_overdue


def _finalize(box: Sandbox, invoice: Record) -> None:
    invoices.finalize(box, invoice)
    collection.settle_free(box, invoice)
    if invoice["status"] != "open":
        return
    if invoice["collection_method"] == "send_invoice":
        box.events.record("invoice.sent", invoice)
    else:
        collection.pay(box, invoice, None, off_session=True, automatic=True)


def _announce_due(box: Sandbox, invoice: Record) -> None:
    box.store.update(invoice, _told="will_be_due")
    box.events.record("invoice.will_be_due", invoice)


def _tell_overdue(box: Sandbox, invoice: Record) -> None:
    box.store.update(invoice, _told="overdue")
    box.events.record("invoice.overdue", invoice)
    delinquency.note(box, invoice, is_behind=True)
    standing.failed(box, invoice)


def _retry(box: Sandbox, invoice: Record) -> None:
    box.store.update(invoice, next_payment_attempt=None)
    collection.pay(box, invoice, None, off_session=True, automatic=True)
