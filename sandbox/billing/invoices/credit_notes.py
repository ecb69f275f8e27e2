"""Credit notes: what is taken off a final invoice, and how it gets back to the customer.

A note first lowers what remains to be paid (``pre_payment_amount``); the rest was paid already and is refunded, credited to
the balance or given back elsewhere. All notes of an invoice, and the refunds they do not know of, never exceed its total.
Assumptions: notes are for open and paid invoices; without ``amount`` and ``lines`` a note is for the sum of what it gives
back; only a note of an invoice that is still open can be voided. Simplifications: shipping is not played, no e-mail is sent,
``pdf`` is an address that nobody serves.
"""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.billing.catalog.pricing import money
from sandbox.billing.invoices import credit_note_lines, invoice_outcomes, invoice_payments, note_settlement, totals
from sandbox.billing.invoices.note_settlement import Settlement
from sandbox.billing.subscriptions import standing
from sandbox.crud import new_metadata, refuse
from sandbox.errors import invalid
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def create(box: Sandbox, params: dict[str, Any]) -> Record:
    """Issue the note that ``POST /v1/credit_notes`` asks for."""
    refuse(params, ("shipping_cost",))
    invoice = box.store.need("invoice", params["invoice"], "invoice")
    if invoice["status"] not in ("open", "paid"):
        message = f"You can only create credit notes for open and paid invoices; this one is {invoice['status']}."
        raise invalid(message, "invoice")
    settlement = Settlement.of(box, invoice, params)
    lines = _lines(box, invoice, params, settlement)
    sums = totals.sums(lines)
    _check_total(box, invoice, sums["total"], settlement)
    before_payment = min(sums["total"], invoice["amount_remaining"])
    settlement.check(sums["total"] - before_payment, invoice["currency"])
    note = _build(box, invoice, params, lines, sums, before_payment)
    note |= settlement.carry_out(box, invoice, note)
    for line in lines:
        box.store.add(line)
    box.store.add(note)
    box.events.record("credit_note.created", note)
    _count(box, invoice, before_payment, note["post_payment_amount"])
    return note


def void(box: Sandbox, note: Record) -> None:
    """Take a note back, and ask again for what it took off."""
    invoice = box.store.need("invoice", note["invoice"])
    if note["status"] == "void":
        raise invalid("This credit note has already been voided.")
    if invoice["status"] != "open":
        raise invalid(f"You can only void a credit note of an open invoice; this one is {invoice['status']}.")
    box.store.update(note, status="void", voided_at=box.clock.now())
    box.events.record("credit_note.voided", note)
    _count(box, invoice, -note["pre_payment_amount"], 0)


def issued(box: Sandbox, invoice: Record) -> list[Record]:
    """The notes of an invoice that count, oldest first."""
    return [one for one in box.store.of("credit_note", "invoice", invoice["id"]) if one["status"] == "issued"]


def _lines(box: Sandbox, invoice: Record, params: dict[str, Any], settlement: Settlement) -> list[Record]:
    if "amount" in params and "lines" in params:
        message = "You may only specify one of these parameters: amount, lines."
        raise invalid(message, "lines", "parameters_exclusive")
    notes = issued(box, invoice)
    if "lines" in params:
        return credit_note_lines.of_params(box, invoice, notes, params["lines"])
    total = params.get("amount", settlement.total)
    if total <= 0:
        raise invalid("You must pass one of amount or lines, for a positive amount.", "amount")
    _check_total(box, invoice, total, settlement)
    return credit_note_lines.of_amount(box, invoice, notes, total)


def _check_total(box: Sandbox, invoice: Record, total: int, settlement: Settlement) -> None:
    credited = sum(one["total"] for one in issued(box, invoice))
    refunded = note_settlement.refunded_otherwise(box, invoice, settlement)
    most = max(0, invoice["total"] - credited - refunded)
    if total > most:
        asked, left = (money(Decimal(amount), invoice["currency"]) for amount in (total, most))
        raise invalid(
            f"The credit note amount ({asked}) is greater than what can be credited of the invoice ({left}).", "amount"
        )


def _build(
    box: Sandbox, invoice: Record, params: dict[str, Any], lines: list[Record], sums: Record, before_payment: int
) -> Record:
    now = box.clock.now()
    after_payment = sums["total"] - before_payment
    both = "mixed" if after_payment else "pre_payment"
    count = len(box.store.of("credit_note", "invoice", invoice["id"])) + 1
    return {
        **box.contract.blank("credit_note"),
        "id": new_id("cn"),
        "amount": sums["total"],
        "amount_shipping": 0,
        "created": now,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "discount_amount": sum(one["amount"] for one in sums["total_discount_amounts"]),
        "discount_amounts": sums["total_discount_amounts"],
        "effective_at": params.get("effective_at") or now,
        "invoice": invoice["id"],
        "lines": [line["id"] for line in lines],
        "memo": params.get("memo"),
        "metadata": new_metadata(params),
        "number": f"{invoice['number']}-CN-{count:02d}",
        "pdf": f"https://pay.stripe.com/credit_notes/acct_sandbox/test_{secrets.token_urlsafe(32)}/pdf?s=ap",
        "post_payment_amount": after_payment,
        "pre_payment_amount": before_payment,
        "pretax_credit_amounts": [one for line in lines for one in line["pretax_credit_amounts"]],
        "reason": params.get("reason"),
        "refunds": [],
        "status": "issued",
        "subtotal": sums["subtotal"],
        "subtotal_excluding_tax": sums["subtotal_excluding_tax"],
        "total": sums["total"],
        "total_excluding_tax": sums["total_excluding_tax"],
        "total_taxes": sums["total_taxes"],
        "type": both if before_payment else "post_payment",
    }


def _count(box: Sandbox, invoice: Record, before_payment: int, after_payment: int) -> None:
    """Let the invoice know its notes; one of which nothing remains to be paid is paid."""
    with box.events.updating(invoice):
        box.store.update(
            invoice,
            amount_due=invoice["amount_due"] - before_payment,
            amount_remaining=invoice["amount_remaining"] - before_payment,
            pre_payment_credit_notes_amount=invoice["pre_payment_credit_notes_amount"] + before_payment,
            post_payment_credit_notes_amount=invoice["post_payment_credit_notes_amount"] + after_payment,
        )
    if invoice["status"] != "open":
        return
    if invoice["amount_remaining"]:
        invoice_payments.follow(box, invoice)
        return
    invoice_payments.cancel_payment(box, invoice, "automatic")
    invoice_outcomes.mark_paid(box, invoice)
    standing.paid(box, invoice, None)
