"""Charges as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.billing.payments import cards
from sandbox.billing.payments.cards import Refusal
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def build(box: Sandbox, intent: Record, method: Record, refusal: Refusal | None) -> Record:
    """The charge that one try of a card leaves behind, paid or refused."""
    paid = refusal is None
    captured = paid and intent["capture_method"] != "manual"
    id = new_id("ch")
    return {
        **box.contract.blank("charge"),
        "id": id,
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if captured else 0,
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "captured": captured,
        "created": box.clock.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": refusal.code if refusal else None,
        "failure_message": refusal.message if refusal else None,
        "metadata": intent["metadata"],
        "outcome": _outcome(refusal),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": "card", "card": _charged_card(method, intent["amount"] if paid else None)},
        "receipt_email": intent["receipt_email"],
        "receipt_url": f"https://pay.stripe.com/receipts/payment/{id}" if paid else None,
        "refunded": False,
        "shipping": intent["shipping"],
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "succeeded" if paid else "failed",
    }


def _charged_card(method: Record, amount: int | None) -> dict[str, Any]:
    card = method["card"]
    kept = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")
    absent = ("authorization_code", "electronic_commerce_indicator", "installments", "mandate", "regulated_status")
    return {
        **dict.fromkeys((*absent, "network_transaction_id", "three_d_secure", "transaction_link_id")),
        **{name: card[name] for name in kept},
        "amount_authorized": amount,
        "network": card["brand"],
    }


def _outcome(refusal: Refusal | None) -> dict[str, Any]:
    codes = {"advice_code": None, "network_advice_code": None, "network_decline_code": None}
    if refusal is None:
        seen = {"network_status": "approved_by_network", "type": "authorized", "risk_level": "normal"}
        return {**codes, **seen, "seller_message": "Payment complete.", "reason": None}
    blocked = refusal is cards.BLOCKED
    return {
        **codes,
        "network_status": "not_sent_to_network" if blocked else "declined_by_network",
        "type": "blocked" if blocked else "issuer_declined",
        "risk_level": "highest" if blocked else "normal",
        "reason": "highest_risk_level" if blocked else refusal.decline_code or refusal.code,
        "seller_message": "Stripe blocked this payment." if blocked else "The bank did not return any further details.",
        "advice_code": refusal.advice_code,
    }
