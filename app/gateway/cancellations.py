"""Ending a subscription at once: what its unused time is worth, the end itself, and giving the money back.

A cancellation cannot be told the instant up to which it prorates (https://docs.stripe.com/api/subscriptions/cancel), so what
it credits would differ from what was shown. A preview can: its credits are given back as credit notes, to the cent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stripe
from stripe.params import CreditNoteCreateParams, SubscriptionCancelParams

from app.core.transactions import release

from . import intents, payments
from .client import client
from .errors import translated
from .expandable import id_of
from .subscription_records import SubscriptionRecord
from .subscriptions import changed


@dataclass(frozen=True)
class UnusedRecord:
    """What ending now gives back, tax included, in minor units of `currency`, by the Stripe id of the invoice that asked for it.

    `owed` is what ending now still charges: usage and other items that no invoice has asked for yet.
    """

    currency: str
    parts: dict[str, int]
    owed: int


@dataclass(frozen=True)
class LeftRecord:
    """What of an invoice can still be given back, in minor units.

    `total` is what it asked for. `left` is what of that was paid, in whatever way, and not given back; `to_card` is the most
    of it that a card takes. `credited` is what earlier invoices, by Stripe id, paid for it: their unused time.
    """

    total: int
    left: int
    to_card: int
    credited: dict[str, int]


def unused(customer: str, subscription: str, at: datetime) -> UnusedRecord:
    """What a cancellation would credit as of `at`, an instant in the running period."""
    release()
    details: Any = {
        "cancel_now": True,
        "proration_behavior": "create_prorations",
        "proration_date": int(at.timestamp()),
    }
    with translated():
        invoice = client().v1.invoices.create_preview(
            {"customer": customer, "subscription": subscription, "subscription_details": details}
        )
    parts: dict[str, int] = {}
    for credited, amount in _credits(invoice):
        parts[credited] = parts.get(credited, 0) + amount
    return UnusedRecord(invoice.currency, parts, max(0, invoice.total + sum(parts.values())))


def _credits(invoice: stripe.Invoice) -> Iterator[tuple[str, int]]:
    for line in invoice.lines.data:
        parent: Any = line.parent and (line.parent.subscription_item_details or line.parent.invoice_item_details)
        details = getattr(parent, "proration_details", None)
        credited = getattr(details, "credited_items", None)
        if credited and line.amount < 0:
            discounts = sum(each.amount for each in line.discount_amounts or [])
            taxes = sum(tax.amount for tax in line.taxes or [] if tax.tax_behavior == "exclusive")
            yield credited.invoice, -(line.amount - discounts + taxes)


def cancel_now(key: str, stripe_id: str, *, feedback: str = "", comment: str = "", bill: bool) -> SubscriptionRecord:
    """End it at once; open invoices stay open, but are no longer collected. Once per key.

    With `bill`, what no invoice has asked for yet is charged now. `feedback` and `comment` are the customer's own.
    """
    params: SubscriptionCancelParams = {"prorate": False, "invoice_now": bill}
    details: Any = {name: said for name, said in (("feedback", feedback), ("comment", comment)) if said}
    if details:
        params["cancellation_details"] = details
    return changed(key, stripe_id, params, lambda p, options: client().v1.subscriptions.cancel(stripe_id, p, options))


def give_back(key: str, invoice: str, *, refund: int, credit: int, memo: str) -> None:
    """Take `refund` and `credit`, minor units, off a paid invoice: to the card, and to the customer's balance. Once per key.

    Raises GatewayRefused for more than `left_of` says, or when a bank takes nothing back.
    """
    if intents.outcome(key):
        return
    params: CreditNoteCreateParams = {"invoice": invoice, "amount": refund + credit, "memo": memo}
    if refund:
        params["refund_amount"] = refund
    if credit:
        params["credit_amount"] = credit
    intents.perform(key, params, lambda p, options: client().v1.credit_notes.create(p, options))


def left_of(invoice: str) -> LeftRecord:
    """What an invoice can still give back: one call, one more for each payment, and one if credit notes were refunded."""
    release()
    with translated():
        found = client().v1.invoices.retrieve(invoice, {"expand": ["payments"]})
    credited: dict[str, int] = {}
    for earlier, amount in _credits(found):
        credited[earlier] = credited.get(earlier, 0) + amount
    tries = [one for intent in _intents(found) for one in payments.retrieve(intent).attempts]
    came = [one for one in tries if one.status == "succeeded"]
    refunded, noted = sum(one.refunded for one in came), found.post_payment_credit_notes_amount or 0
    outside_notes = refunded - (_refunded_by_notes(invoice) if refunded and noted else 0)
    total = max(0, found.total - (found.pre_payment_credit_notes_amount or 0))
    left = total - noted - outside_notes if found.status == "paid" else 0
    to_card = sum(one.amount - one.refunded for one in came)
    return LeftRecord(total, max(0, left), to_card, credited)


def _intents(invoice: stripe.Invoice) -> Iterator[str]:
    for each in invoice.payments.data if invoice.payments else []:
        intent = id_of(getattr(each.payment, "payment_intent", None))
        if each.status == "paid" and intent:
            yield intent


def _refunded_by_notes(invoice: str) -> int:
    """Those refunds and the notes they belong to are the same money, which is to be counted once."""
    with translated():
        notes = client().v1.credit_notes.list({"invoice": invoice, "limit": 100}).data
    return sum(each.amount_refunded for note in notes if note.status == "issued" for each in note.refunds)
