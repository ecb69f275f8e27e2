"""What asks for the money of an invoice: its payment intent, and the invoice payment that ties the two.

Assumption: the intent of an invoice that is sent has no card of its own; whoever pays it brings one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.billing.payments import intents, methods
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

DESCRIPTIONS = {"manual": "Payment for Invoice", "subscription_create": "Subscription creation"}
"""How the intent of an invoice is described, by the reason it was billed for; others are updates."""


def ask_for_payment(box: Sandbox, invoice: Record) -> Record:
    """Make the payment intent of an open invoice, and the invoice payment that ties them."""
    is_charged = invoice["collection_method"] == "charge_automatically"
    method = methods.for_invoice(box, invoice) if is_charged else None
    intent = intents.new_payment(
        box,
        invoice["customer"],
        invoice["amount_remaining"],
        invoice["currency"],
        description=DESCRIPTIONS.get(invoice["billing_reason"], "Subscription update"),
        payment_method=method["id"] if method else None,
        setup_future_usage="off_session" if invoice["_subscription"] else None,
        status="requires_confirmation" if method else "requires_payment_method",
    )
    tie(box, invoice, intent, is_default=True)
    secret = {"client_secret": intent["client_secret"], "type": "payment_intent"}
    box.store.update(invoice, confirmation_secret=secret)
    return intent


def tie(box: Sandbox, invoice: Record, intent: Record, *, is_default: bool) -> Record:
    """Store the invoice payment that makes an intent pay an invoice."""
    return box.store.add(
        {
            **box.contract.blank("invoice_payment"),
            "id": new_id("inpay"),
            "amount_requested": intent["amount"],
            "created": box.clock.now(),
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": is_default,
            "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
            "status": "open",
            "status_transitions": {"paid_at": None, "canceled_at": None},
            "_payment_intent": intent["id"],
        }
    )


def of_intent(box: Sandbox, intent: Record) -> Record | None:
    """The invoice payment of an intent; None for an intent that pays no invoice."""
    found = box.store.of("invoice_payment", "_payment_intent", intent["id"])
    return found[0] if found else None


def follow(box: Sandbox, invoice: Record) -> None:
    """Let the default payment of an open invoice ask for what remains."""
    payment = default_payment(box, invoice)
    if payment and payment["status"] == "open":
        box.store.update(payment, amount_requested=invoice["amount_remaining"])
        intent = box.store.need("payment_intent", payment["payment"]["payment_intent"])
        box.store.update(intent, amount=invoice["amount_remaining"])


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
    close(box, payment, "canceled", canceled_at=box.clock.now())


def close(box: Sandbox, payment: Record, status: str, amount_paid: int | None = None, **times: int) -> None:
    changed = {**payment["status_transitions"], **times}
    box.store.update(payment, status=status, amount_paid=amount_paid, status_transitions=changed)
