"""How the part of a credit note that was paid already gets back to the customer: refunds, balance, or elsewhere.

Assumption: a refund gets the note's reason where refunds have it too. Simplification: records of payments made elsewhere
are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.billing.catalog.pricing import money
from sandbox.billing.invoices import balance
from sandbox.billing.payments import refunds
from sandbox.errors import invalid, unsupported
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

REASONS = ("duplicate", "fraudulent")
"""The reasons that credit notes and refunds have in common."""


@dataclass(frozen=True)
class Settlement:
    """What the parameters of a note say about the way of the money, in minor units."""

    refund: int
    credit: int
    out_of_band: int | None
    linked: dict[str, int]
    """Existing refunds by id, and what of them belongs to this note."""

    @classmethod
    def of(cls, box: Sandbox, invoice: Record, params: dict[str, Any]) -> Settlement:
        for name in ("refund_amount", "credit_amount", "out_of_band_amount"):
            if params.get(name, 0) < 0:
                raise invalid("Invalid non-negative integer", name, "parameter_invalid_integer")
        linked: dict[str, int] = {}
        for index, given in enumerate(params.get("refunds") or []):
            refund, amount = _linked(box, invoice, given, f"refunds[{index}]")
            linked[refund] = linked.get(refund, 0) + amount
        wanted = params.get("refund_amount", 0), params.get("credit_amount", 0)
        return cls(*wanted, params.get("out_of_band_amount"), linked)

    @property
    def total(self) -> int:
        return self.refund + self.credit + (self.out_of_band or 0) + sum(self.linked.values())

    def check(self, needed: int, currency: str) -> None:
        """Refuse what does not add up to the part of the note that was paid already."""
        if self.total != needed:
            given, wanted = (money(Decimal(amount), currency) for amount in (self.total, needed))
            raise invalid(
                f"The sum of credit amount, refund amount and out of band amount ({given}) must equal the post payment "
                f"amount of the credit note ({wanted})."
            )

    def carry_out(self, box: Sandbox, invoice: Record, note: Record) -> Record:
        """Move the money; answers what the note says about it."""
        made = dict(self.linked)
        if self.refund:
            made |= _refund(box, invoice, self.refund, note["reason"])
        transaction = None
        if self.credit:
            customer = box.store.need("customer", invoice["customer"])
            if customer["_deleted"]:
                raise invalid("The customer was deleted and has no balance any more.", "credit_amount")
            about = {"credit_note": note["id"]}
            transaction = balance.change(box, customer, -self.credit, "credit_note", invoice["currency"], **about)
        return {
            "customer_balance_transaction": transaction and transaction["id"],
            "out_of_band_amount": self.out_of_band,
            "refunds": [_shown(id, amount) for id, amount in made.items()],
        }


def refunded_otherwise(box: Sandbox, invoice: Record, settlement: Settlement) -> int:
    """What was refunded of an invoice and belongs to no credit note, not even to the one that is being made."""
    found = (refund for charge in _charges(box, invoice) for refund in refunds.of(box, charge))
    loose = sum(_loose(box, invoice, refund) for refund in found if refund["status"] in refunds.COUNTED)
    return int(loose - sum(settlement.linked.values()))


def _charges(box: Sandbox, invoice: Record) -> list[Record]:
    """The charges that paid an invoice, oldest first."""
    paid = [one for one in box.store.of("invoice_payment", "invoice", invoice["id"]) if one["status"] == "paid"]
    intents = [box.store.need("payment_intent", one["payment"]["payment_intent"]) for one in paid]
    return [box.store.need("charge", intent["latest_charge"]) for intent in intents]


def _loose(box: Sandbox, invoice: Record, refund: Record) -> int:
    """What of a refund belongs to no credit note of the invoice."""
    notes = box.store.of("credit_note", "invoice", invoice["id"])
    linked = (one for note in notes for one in note["refunds"] if one["refund"] == refund["id"])
    return int(refund["amount"] - sum(one["amount_refunded"] for one in linked))


def _linked(box: Sandbox, invoice: Record, given: dict[str, Any], place: str) -> tuple[str, int]:
    if given.get("type", "refund") != "refund" or "payment_record_refund" in given:
        raise unsupported(f"{place}[payment_record_refund]")
    refund = box.store.need("refund", given.get("refund", ""), f"{place}[refund]")
    if refund["charge"] not in [charge["id"] for charge in _charges(box, invoice)]:
        raise invalid("The refund is not one of a payment of this invoice.", f"{place}[refund]")
    loose = _loose(box, invoice, refund) if refund["status"] in refunds.COUNTED else 0
    amount = given.get("amount_refunded", loose)
    if not 0 < amount <= loose:
        message = f"Only {loose} of this refund can still be linked to a credit note."
        raise invalid(message, f"{place}[amount_refunded]")
    return refund["id"], amount


def _refund(box: Sandbox, invoice: Record, amount: int, reason: str | None) -> dict[str, int]:
    """Refund an amount over the charges that paid an invoice; what each new refund came to, by its id."""
    charges = _charges(box, invoice)
    if amount > sum(refunds.left(charge) for charge in charges):
        raise invalid("The invoice has no payment of which so much could be refunded.", "refund_amount")
    made = {}
    for charge in charges:
        part = min(amount, refunds.left(charge))
        if part:
            refund = refunds.create(box, charge, part, reason=reason if reason in REASONS else None)
            made[refund["id"]] = part
            amount -= part
    return made


def _shown(id: str, amount: int) -> dict[str, Any]:
    return {"amount_refunded": amount, "payment_record_refund": None, "refund": id, "type": "refund"}
