"""The life of an invoice: draft → open → paid, void or uncollectible.

Assumptions: an amount below the smallest charge (50 minor units) goes to the customer's balance and the invoice counts as
paid; voiding gives applied balance back. Simplification: hosted pages and PDFs are addresses that nobody serves.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from sandbox.billing import intents, invoice_record, methods, totals
from sandbox.errors import invalid
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
    settled = totals.settle(invoice["total"], customer["balance"])
    due_date = _due_date(box, invoice)
    if 0 < settled["amount_due"] < SMALLEST_CHARGE:
        owed = settled["ending_balance"] + settled["amount_due"]
        settled = {**settled, "ending_balance": owed, "amount_due": 0, "amount_remaining": 0}
    sequence = customer["next_invoice_sequence"]
    if settled["ending_balance"] != customer["balance"]:
        with box.events.updating(customer):
            box.store.update(customer, balance=settled["ending_balance"])
    box.store.update(customer, next_invoice_sequence=sequence + 1)
    token = secrets.token_urlsafe(32)
    box.store.update(
        invoice,
        **settled,
        **invoice_record.about_customer(customer),
        status="open",
        number=f"{customer['invoice_prefix']}-{sequence:04d}",
        effective_at=now,
        due_date=due_date,
        automatically_finalizes_at=None,
        hosted_invoice_url=f"https://invoice.stripe.com/i/acct_sandbox/test_{token}?s=ap",
        invoice_pdf=f"https://pay.stripe.com/invoice/acct_sandbox/test_{token}/pdf?s=ap",
        status_transitions={**invoice["status_transitions"], "finalized_at": now},
    )
    box.events.record("invoice.finalized", invoice)
    if settled["amount_due"] == 0:
        mark_paid(box, invoice)
    elif invoice["collection_method"] == "charge_automatically":
        ask_for_payment(box, invoice)


def mark_paid(box: Sandbox, invoice: Record, **fields: Any) -> None:
    """Count an open invoice as paid in full, and say so."""
    now = box.clock.now()
    with box.events.updating(invoice):
        box.store.update(
            invoice,
            status="paid",
            attempted=True,
            auto_advance=False,
            amount_paid=invoice["amount_due"],
            amount_remaining=0,
            next_payment_attempt=None,
            status_transitions={**invoice["status_transitions"], "paid_at": now},
            **fields,
        )
    payment = default_payment(box, invoice)
    if payment and payment["status"] == "open":
        _close_payment(box, payment, "paid", amount_paid=payment["amount_requested"], paid_at=now)
        box.events.record("invoice_payment.paid", payment)
    box.events.record("invoice.paid", invoice)
    box.events.record("invoice.payment_succeeded", invoice)


def void(box: Sandbox, invoice: Record) -> None:
    """Nobody owes this any more; balance that was applied comes back."""
    _end(box, invoice, "void", "voided_at")
    back = invoice["starting_balance"] - (invoice["ending_balance"] or 0)
    customer = box.store.need("customer", invoice["customer"])
    if back and not customer["_deleted"]:
        with box.events.updating(customer):
            box.store.update(customer, balance=customer["balance"] + back)
    cancel_payment(box, invoice, "void_invoice")
    box.events.record("invoice.voided", invoice)


def mark_uncollectible(box: Sandbox, invoice: Record, reason: str | None = None) -> None:
    """Give up on the money; the invoice can still be paid."""
    _end(box, invoice, "uncollectible", "marked_uncollectible_at")
    if reason:
        box.store.update(invoice, status_details={"uncollectible": {"reason": reason}})
    box.events.record("invoice.marked_uncollectible", invoice)


def stop_collecting(box: Sandbox, invoice: Record) -> None:
    """No more automatic finalization and no more automatic tries."""
    if invoice["auto_advance"]:
        with box.events.updating(invoice):
            box.store.update(invoice, auto_advance=False, next_payment_attempt=None, automatically_finalizes_at=None)


def default_payment(box: Sandbox, invoice: Record) -> Record | None:
    """The invoice payment that follows the amount due; None before finalization and when nothing was due."""
    found = [one for one in box.store.of("invoice_payment", "invoice", invoice["id"]) if one["is_default"]]
    return found[-1] if found else None


def intent_of(box: Sandbox, invoice: Record) -> Record | None:
    """The payment intent that pays an invoice."""
    payment = default_payment(box, invoice)
    return box.store.need("payment_intent", payment["payment"]["payment_intent"]) if payment else None


def cancel_payment(box: Sandbox, invoice: Record, reason: str) -> None:
    """Cancel the intent of an invoice that is not to be paid any more."""
    payment = default_payment(box, invoice)
    if payment is None or payment["status"] != "open":
        return
    intent = box.store.need("payment_intent", payment["payment"]["payment_intent"])
    if intent["status"] not in intents.FINAL:
        intents.cancel(box, intent, reason)
    _close_payment(box, payment, "canceled", canceled_at=box.clock.now())


def need_status(invoice: Record, *allowed: str) -> None:
    """Refuse what an invoice's status does not allow."""
    if invoice["status"] not in allowed:
        raise invalid(
            f"This invoice is {invoice['status']}; it would have to be {' or '.join(allowed)}.",
            code="invoice_not_editable" if "draft" in allowed else None,
        )


def _due_date(box: Sandbox, invoice: Record) -> int | None:
    subscription = box.store.get("subscription", invoice["_subscription"] or "")
    if invoice["collection_method"] != "send_invoice" or subscription is None:
        return None
    return box.clock.now() + int(subscription["days_until_due"] or DEFAULT_DAYS_UNTIL_DUE) * DAY


def ask_for_payment(box: Sandbox, invoice: Record) -> Record:
    """Make the payment intent of an open invoice, and the invoice payment that ties them."""
    method = methods.for_invoice(box, invoice)
    intent = intents.new_payment(
        box,
        invoice["customer"],
        invoice["amount_due"],
        invoice["currency"],
        description="Subscription creation"
        if invoice["billing_reason"] == "subscription_create"
        else "Subscription update",
        payment_method=method["id"] if method else None,
        setup_future_usage="off_session" if invoice["_subscription"] else None,
        status="requires_confirmation" if method else "requires_payment_method",
    )
    box.store.add(
        {
            **box.contract.blank("invoice_payment"),
            "id": new_id("inpay"),
            "amount_requested": invoice["amount_due"],
            "created": box.clock.now(),
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
            "status": "open",
            "status_transitions": {"paid_at": None, "canceled_at": None},
            "_payment_intent": intent["id"],
        }
    )
    secret = {"client_secret": intent["client_secret"], "type": "payment_intent"}
    box.store.update(invoice, confirmation_secret=secret)
    return intent


def _close_payment(box: Sandbox, payment: Record, status: str, amount_paid: int | None = None, **times: int) -> None:
    changed = {**payment["status_transitions"], **times}
    box.store.update(payment, status=status, amount_paid=amount_paid, status_transitions=changed)


def _end(box: Sandbox, invoice: Record, status: str, moment: str) -> None:
    with box.events.updating(invoice):
        box.store.update(
            invoice,
            status=status,
            auto_advance=False,
            next_payment_attempt=None,
            status_transitions={**invoice["status_transitions"], moment: box.clock.now()},
        )
