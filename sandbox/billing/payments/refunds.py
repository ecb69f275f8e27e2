"""Giving the money of a charge back: all of it, a part, several parts, and what becomes of them later.

What the charge says of its refunds changes with them; the invoice behind it stays ``paid``, and so does its invoice
payment. Messages and codes of refusals are Stripe's.
Assumptions: a pending refund counts in ``amount_refunded``, and stops counting when it fails or is canceled; ...7726
and ...5126 decide an hour after the refund was made; what was only set aside is given back by canceling its intent.
Simplifications: no balance transactions and no receipt numbers; the reference of a card refund stays ``pending``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.billing.catalog.pricing import money
from sandbox.billing.payments import cards
from sandbox.errors import ApiError, invalid
from sandbox.events import difference
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

DECIDED_AFTER = 3600
"""Seconds until a card whose refunds are not final at once says what became of one."""

COUNTED = ("pending", "requires_action", "succeeded")
"""The statuses in which a refund's amount is on its way to the customer, or there."""


def create(
    box: Sandbox,
    charge_or_intent: Record,
    amount: int | None = None,
    *,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Record:
    """Refund ``amount`` minor units of a charge, or of a payment intent's charge; None means all that is left.

    Raises ApiError (400) when there is nothing to refund, or not that much.
    """
    charge = _charge_of(box, charge_or_intent)
    amount = _allowed(box, charge, amount)
    later = cards.behind(box.store.need("payment_method", charge["payment_method"])).refund
    return _make(box, charge, amount, later=later, reason=reason, metadata=metadata or {})


def release(box: Sandbox, charge: Record, reason: str | None = None) -> None:
    """Give back what was set aside and will not be captured; that is a refund too, and counts as one."""
    _make(box, charge, charge["amount"] - charge["amount_captured"], kind="reversal", reason=reason, metadata={})


def left(charge: Record) -> int:
    """What of a charge can still be refunded, in minor units."""
    return int(charge["amount"] - charge["amount_refunded"]) if charge["captured"] else 0


def cancel(box: Sandbox, refund: Record) -> None:
    """Call back a refund that is still pending or waits for the customer; the money stays."""
    if refund["status"] not in ("pending", "requires_action"):
        raise invalid(
            f"You cannot cancel this Refund because it has a status of {refund['status']}. Only a Refund with one of "
            "the following statuses may be canceled: pending, requires_action."
        )
    _take_back(box, refund, "canceled", "merchant_request")


def succeed(box: Sandbox, refund: Record) -> None:
    """A pending refund arrived."""
    _change(box, refund, status="succeeded", pending_reason=None, _decides_at=None)


def fail(box: Sandbox, refund: Record) -> None:
    """A refund came back from the bank; the charge counts it no longer."""
    _take_back(box, refund, "failed", "expired_or_canceled_card")
    box.events.record("refund.failed", refund)


def of(box: Sandbox, charge: Record) -> list[Record]:
    """The refunds of a charge, oldest first."""
    return box.store.of("refund", "charge", charge["id"])


def _make(
    box: Sandbox, charge: Record, amount: int, *, kind: str = "refund", later: str | None = None, **about: Any
) -> Record:
    refund = box.store.add({**_build(box, charge, amount, kind, later), **about})
    _count(box, charge, "charge.refunded")
    box.events.record("refund.created", refund)
    return refund


def _take_back(box: Sandbox, refund: Record, status: str, failure_reason: str) -> None:
    _change(box, refund, status=status, failure_reason=failure_reason, pending_reason=None, _decides_at=None)
    _count(box, box.store.need("charge", refund["charge"]), "charge.updated")


def _change(box: Sandbox, refund: Record, **fields: Any) -> None:
    before = box.render(refund)
    box.store.update(refund, **fields)
    previous = difference(before, box.render(refund))
    box.events.record("refund.updated", refund, previous)
    box.events.record("charge.refund.updated", refund, previous)


def _count(box: Sandbox, charge: Record, event: str) -> None:
    """Work out anew what the charge says of its refunds, and say so."""
    before = box.render(charge)
    counted = sum(one["amount"] for one in of(box, charge) if one["status"] in COUNTED)
    box.store.update(charge, amount_refunded=counted, refunded=counted == charge["amount"])
    box.events.record(event, charge, difference(before, box.render(charge)))


def _charge_of(box: Sandbox, charge_or_intent: Record) -> Record:
    if charge_or_intent["object"] == "charge":
        return charge_or_intent
    charge = box.store.get("charge", charge_or_intent["latest_charge"] or "")
    if charge is None or not charge["captured"]:
        raise invalid(
            f"This PaymentIntent ({charge_or_intent['id']}) does not have a successful charge to refund.",
            "payment_intent",
        )
    return charge


def _allowed(box: Sandbox, charge: Record, amount: int | None) -> int:
    """The amount to refund; raises why it cannot be."""
    name = f"Charge {charge['id']}"
    if any(not one["is_charge_refundable"] for one in box.store.of("dispute", "charge", charge["id"])):
        raise invalid(f"{name} has been charged back; cannot issue a refund.", code="charge_disputed")
    if not charge["captured"]:
        raise invalid(f"{name} was not captured; there is nothing to refund.", "charge")
    if left(charge) == 0:
        raise invalid(f"{name} has already been refunded.", code="charge_already_refunded")
    if amount is None:
        return left(charge)
    if amount < 1:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    if amount > left(charge):
        raise _too_much(charge, amount)
    return amount


def _too_much(charge: Record, amount: int) -> ApiError:
    asked, rest = (money(Decimal(value), charge["currency"]) for value in (amount, left(charge)))
    limit = "unrefunded amount on charge" if charge["amount_refunded"] else "charge amount"
    return invalid(f"Refund amount ({asked}) is greater than {limit} ({rest})", "amount")


def _build(box: Sandbox, charge: Record, amount: int, kind: str, later: str | None) -> Record:
    """A refund as it begins; ``later`` is the status that it has in the end if that is not known at once."""
    pending = later == "succeeded"
    now = box.clock.now()
    return {
        **box.contract.blank("refund"),
        "id": new_id("re"),
        "amount": amount,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "destination_details": {
            "type": "card",
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": kind,
            },
        },
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "pending_reason": "processing" if pending else None,
        "status": "pending" if pending else "succeeded",
        "_becomes": later,
        "_decides_at": now + DECIDED_AFTER if later else None,
    }
