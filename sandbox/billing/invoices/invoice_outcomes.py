"""How an invoice ends: paid, void or uncollectible.

Assumption: voiding gives applied balance back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.invoices import balance, delinquency, invoice_payments
from sandbox.billing.usage import credits
from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def receive(box: Sandbox, invoice: Record, payment: Record, came: int, **fields: Any) -> None:
    """The money of a payment came: the invoice is paid, in part or in full; what is too much becomes credit."""
    remaining = invoice["amount_remaining"]
    if came < remaining:
        with box.events.updating(invoice):
            paid = invoice["amount_paid"] + came
            box.store.update(invoice, amount_paid=paid, amount_remaining=remaining - came, attempted=True, **fields)
        _close(box, payment, came)
        invoice_payments.follow(box, invoice)
        return
    if not payment["is_default"]:
        invoice_payments.cancel_payment(box, invoice, "automatic")
    mark_paid(box, invoice, payment, came, amount_overpaid=came - remaining, **fields)
    if came > remaining:
        customer = box.store.need("customer", invoice["customer"])
        about = {"invoice": invoice["id"]}
        balance.change(box, customer, remaining - came, "invoice_overpaid", invoice["currency"], **about)
        box.events.record("invoice.overpaid", invoice)


def mark_paid(
    box: Sandbox,
    invoice: Record,
    payment: Record | None = None,
    came: int | None = None,
    *,
    off_stripe: int = 0,
    **fields: Any,
) -> None:
    """Count an open invoice as paid in full, and say so; ``payment`` brought the amount that ``came``, if one did.

    ``off_stripe`` minor units came some other way, which is no payment that succeeded.
    """
    with box.events.updating(invoice):
        box.store.update(
            invoice,
            status="paid",
            attempted=True,
            auto_advance=False,
            amount_paid=invoice["amount_due"],
            amount_paid_off_stripe=off_stripe,
            amount_remaining=0,
            next_payment_attempt=None,
            status_transitions={**invoice["status_transitions"], "paid_at": box.clock.now()},
            **fields,
        )
    if payment and came is not None:
        _close(box, payment, came)
    box.events.record("invoice.paid", invoice)
    if not off_stripe:
        box.events.record("invoice.payment_succeeded", invoice)
    delinquency.note(box, invoice, is_behind=False)


def void(box: Sandbox, invoice: Record) -> None:
    """Nobody owes this any more; balance and credits that were applied come back."""
    _end(box, invoice, "void", "voided_at")
    back = invoice["starting_balance"] - (invoice["ending_balance"] or 0)
    customer = box.store.need("customer", invoice["customer"])
    if not customer["_deleted"]:
        balance.change(box, customer, back, "unapplied_from_invoice", invoice["currency"], invoice=invoice["id"])
    credits.reinstate(box, invoice)
    invoice_payments.cancel_payment(box, invoice, "void_invoice")
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


def need_status(invoice: Record, *allowed: str) -> None:
    """Refuse what an invoice's status does not allow."""
    if invoice["status"] not in allowed:
        raise invalid(
            f"This invoice is {invoice['status']}; it would have to be {' or '.join(allowed)}.",
            code="invoice_not_editable" if "draft" in allowed else None,
        )


def need_draft(invoice: Record) -> None:
    """Refuse to change an invoice that is final."""
    if invoice["status"] != "draft":
        raise invalid("Finalized invoices can't be updated in this way", code="invoice_not_editable")


def _close(box: Sandbox, payment: Record, came: int) -> None:
    invoice_payments.close(box, payment, "paid", amount_paid=came, paid_at=box.clock.now())
    box.events.record("invoice_payment.paid", payment)


def _end(box: Sandbox, invoice: Record, status: str, moment: str) -> None:
    with box.events.updating(invoice):
        box.store.update(
            invoice,
            status=status,
            auto_advance=False,
            next_payment_attempt=None,
            status_transitions={**invoice["status_transitions"], moment: box.clock.now()},
        )
