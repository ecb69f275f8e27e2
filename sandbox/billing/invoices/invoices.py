"""The life of an invoice: draft → open → paid, void or uncollectible.

Assumptions: an amount below the smallest charge (50 minor units) goes to the customer's balance and the invoice counts as
paid; a negative total becomes credit by an ``applied_to_invoice`` transaction. Simplification: hosted pages and PDFs are addresses that nobody serves.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import (
    balance,
    discounts,
    drafts,
    invoice_outcomes,
    invoice_payments,
    invoice_record,
    totals,
)
from sandbox.billing.invoices.lines import split
from sandbox.billing.taxes import automatic_tax
from sandbox.billing.usage import credits, late_usage
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

SMALLEST_CHARGE = 50
DEFAULT_DAYS_UNTIL_DUE = 30
DEFAULT_CURRENCY = "usd"
DAY = 86400
DRAFT_FOR = 3600
"""Seconds a renewal invoice stays a draft."""


def draft(
    box: Sandbox, customer: Record, lines: list[Record], subscription: Record | None = None, **fields: Any
) -> Record:
    """Store a draft with its lines, discounts and taxes applied. No event: see :func:`announce`.

    ``lines`` becomes what was stored: one line per tier.
    """
    lines[:] = split(lines)
    source = subscription or {"discounts": [], "default_tax_rates": []}
    now = box.clock.now()
    invoice = {
        **box.contract.blank("invoice"),
        **invoice_record.constants(),
        "account_country": box.settings.seller_country,
        **invoice_record.about_customer(box, customer),
        **invoice_record.texts(customer),
        "id": new_id("in"),
        "created": now,
        "currency": lines[0]["currency"] if lines else customer["currency"] or DEFAULT_CURRENCY,
        "default_tax_rates": source["default_tax_rates"],
        "discounts": discounts.inherited(box, customer, source["discounts"]),
        "lines": [line["id"] for line in lines],
        "metadata": {},
        "period_end": now,
        "period_start": now,
        "status": "draft",
        "_subscription": subscription["id"] if subscription else None,
        **(invoice_record.about_subscription(subscription) if subscription else {}),
        **fields,
    }
    return drafts.store(box, invoice, lines)


def announce(box: Sandbox, invoice: Record) -> None:
    box.events.record("invoice.created", invoice)


def finalize(box: Sandbox, invoice: Record) -> None:
    """Let a draft be final: open, or paid at once when nothing is due.

    It stays a draft when it is to be taxed automatically and nobody knows where the customer is.
    """
    customer = box.store.need("customer", invoice["customer"])
    late_usage.measure_again(box, invoice)
    if invoice["automatic_tax"]["enabled"] and not _tax(box, invoice, customer):
        return
    credits.apply(box, invoice)
    _apply_balance(box, invoice, customer)
    _open(box, invoice, customer)
    box.events.record("invoice.finalized", invoice)
    if invoice["amount_due"] == 0:
        invoice_outcomes.mark_paid(box, invoice)
    else:
        invoice_payments.ask_for_payment(box, invoice)


def _tax(box: Sandbox, invoice: Record, customer: Record) -> bool:
    """Tax a draft by where its customer is now; False, and a note of the failure, when nobody knows."""
    if automatic_tax.location(box, customer) is None:
        automatic_tax.fail(box, invoice)
        return False
    totals.tax_again(box, invoice)
    complete = {**invoice["automatic_tax"], "status": "complete"}
    box.store.update(invoice, automatic_tax=complete, last_finalization_error=None)
    return True


def _apply_balance(box: Sandbox, invoice: Record, customer: Record) -> None:
    """Let the total meet the customer's balance; what is left and too small to charge goes there as well."""
    settled = totals.settle(invoice["total"], customer["balance"])
    about = {"invoice": invoice["id"]}
    applied = settled["ending_balance"] - settled["starting_balance"]
    balance.change(box, customer, applied, "applied_to_invoice", invoice["currency"], **about)
    small = settled["amount_due"]
    if 0 < small < SMALLEST_CHARGE:
        balance.change(box, customer, small, "invoice_too_small", invoice["currency"], **about)
        settled |= {"ending_balance": customer["balance"], "amount_due": 0, "amount_remaining": 0}
    box.store.update(invoice, **settled)


def _open(box: Sandbox, invoice: Record, customer: Record) -> None:
    """Give an invoice what only a final one has, its number first of all."""
    now = box.clock.now()
    token = secrets.token_urlsafe(32)
    box.store.update(
        invoice,
        **invoice_record.about_customer(box, customer),
        status="open",
        number=invoice["number"] or _next_number(box, customer),
        effective_at=invoice["effective_at"] or now,
        due_date=invoice["due_date"] or _due_date(box, invoice),
        automatically_finalizes_at=None,
        hosted_invoice_url=f"https://invoice.stripe.com/i/acct_sandbox/test_{token}?s=ap",
        invoice_pdf=f"https://pay.stripe.com/invoice/acct_sandbox/test_{token}/pdf?s=ap",
        status_transitions={**invoice["status_transitions"], "finalized_at": now},
    )


def _next_number(box: Sandbox, customer: Record) -> str:
    sequence = customer["next_invoice_sequence"]
    box.store.update(customer, next_invoice_sequence=sequence + 1)
    return f"{customer['invoice_prefix']}-{sequence:04d}"


def _due_date(box: Sandbox, invoice: Record) -> int | None:
    subscription = box.store.get("subscription", invoice["_subscription"] or "")
    if invoice["collection_method"] != "send_invoice" or subscription is None:
        return None
    return box.clock.now() + int(subscription["days_until_due"] or DEFAULT_DAYS_UNTIL_DUE) * DAY
