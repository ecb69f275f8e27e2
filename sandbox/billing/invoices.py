"""The life of an invoice: draft → open → paid, void or uncollectible.

Assumptions: an amount below the smallest charge (50 minor units) goes to the customer's balance and the invoice counts as
paid; a negative total becomes credit by an ``applied_to_invoice`` transaction. Simplification: hosted pages and PDFs are addresses that nobody serves.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from sandbox.billing import balance, invoice_outcomes, invoice_payments, invoice_record, totals
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

SMALLEST_CHARGE = 50
DEFAULT_DAYS_UNTIL_DUE = 30
DAY = 86400
DRAFT_FOR = 3600
"""Seconds a renewal invoice stays a draft."""


def draft(
    box: Sandbox, customer: Record, lines: list[Record], subscription: Record | None = None, **fields: Any
) -> Record:
    """Store a draft with its lines, discounts and taxes applied. No event: see :func:`announce`."""
    id = new_id("in")
    source = subscription or {"discounts": [], "default_tax_rates": []}
    sums = totals.apply(box, lines, source["discounts"], source["default_tax_rates"])
    for line in lines:
        line["invoice"] = id
        box.store.add(line)
        if line["_invoice_item"]:
            box.store.update(box.store.need("invoiceitem", line["_invoice_item"]), invoice=id)
    now = box.clock.now()
    invoice = {
        **box.contract.blank("invoice"),
        **invoice_record.constants(),
        **invoice_record.about_customer(customer),
        **sums,
        **totals.settle(sums["total"], customer["balance"]),
        "id": id,
        "created": now,
        "currency": lines[0]["currency"] if lines else customer["currency"],
        "default_tax_rates": source["default_tax_rates"],
        "discounts": list(source["discounts"]),
        "lines": [line["id"] for line in lines],
        "metadata": {},
        "period_end": now,
        "period_start": now,
        "status": "draft",
        "_subscription": subscription["id"] if subscription else None,
        **(invoice_record.about_subscription(subscription) if subscription else {}),
        **fields,
    }
    return box.store.add(invoice)


def announce(box: Sandbox, invoice: Record) -> None:
    box.events.record("invoice.created", invoice)


def finalize(box: Sandbox, invoice: Record) -> None:
    """Give a draft its number, apply the balance, ask for the money or, when nothing is due, count it as paid."""
    now = box.clock.now()
    customer = box.store.need("customer", invoice["customer"])
    settled = _apply_balance(box, invoice, customer)
    sequence = customer["next_invoice_sequence"]
    box.store.update(customer, next_invoice_sequence=sequence + 1)
    token = secrets.token_urlsafe(32)
    box.store.update(
        invoice,
        **settled,
        **invoice_record.about_customer(customer),
        status="open",
        number=f"{customer['invoice_prefix']}-{sequence:04d}",
        effective_at=now,
        due_date=_due_date(box, invoice),
        automatically_finalizes_at=None,
        hosted_invoice_url=f"https://invoice.stripe.com/i/acct_sandbox/test_{token}?s=ap",
        invoice_pdf=f"https://pay.stripe.com/invoice/acct_sandbox/test_{token}/pdf?s=ap",
        status_transitions={**invoice["status_transitions"], "finalized_at": now},
    )
    box.events.record("invoice.finalized", invoice)
    if settled["amount_due"] == 0:
        invoice_outcomes.mark_paid(box, invoice)
    elif invoice["collection_method"] == "charge_automatically":
        invoice_payments.ask_for_payment(box, invoice)


def _apply_balance(box: Sandbox, invoice: Record, customer: Record) -> dict[str, int]:
    """Let the total meet the customer's balance; what is left and too small to charge goes there as well."""
    settled = totals.settle(invoice["total"], customer["balance"])
    about = {"invoice": invoice["id"]}
    applied = settled["ending_balance"] - settled["starting_balance"]
    balance.change(box, customer, applied, "applied_to_invoice", invoice["currency"], **about)
    small = settled["amount_due"]
    if not 0 < small < SMALLEST_CHARGE:
        return settled
    balance.change(box, customer, small, "invoice_too_small", invoice["currency"], **about)
    return {**settled, "ending_balance": customer["balance"], "amount_due": 0, "amount_remaining": 0}


def _due_date(box: Sandbox, invoice: Record) -> int | None:
    subscription = box.store.get("subscription", invoice["_subscription"] or "")
    if invoice["collection_method"] != "send_invoice" or subscription is None:
        return None
    return box.clock.now() + int(subscription["days_until_due"] or DEFAULT_DAYS_UNTIL_DUE) * DAY
