"""Taking the money that a manual payment set aside, in whole or in part, once; the rest goes back by itself.

Assumption: an authorization lasts seven days, then its intent is canceled with the reason ``automatic``.
Simplification: one capture per payment, no multicapture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.billing.payments import disputes, intents, refunds
from sandbox.errors import invalid
from sandbox.events import difference
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def capture(box: Sandbox, intent: Record, amount: int | None, param: str = "amount_to_capture") -> None:
    """Take ``amount`` minor units (None: all) of what an intent holds."""
    if intent["status"] != "requires_capture":
        raise intents.unexpected_state(
            intent,
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
        )
    held = intent["amount_capturable"]
    amount = held if amount is None else amount
    if amount < 1:
        raise invalid("Invalid positive integer", param, "parameter_invalid_integer")
    if amount > held:
        raise invalid("The amount to capture is greater than the amount that is capturable.", param, "amount_too_large")
    charge = box.store.need("charge", intent["latest_charge"])
    before = box.render(charge)
    box.store.update(charge, captured=True, amount_captured=amount)
    box.store.update(intent, status="succeeded", amount_capturable=0, amount_received=amount)
    box.events.record("charge.captured", charge, difference(before, box.render(charge)))
    if amount < held:
        refunds.release(box, charge)
    box.events.record("payment_intent.succeeded", intent)
    disputes.open_if_wanted(box, charge)


def expire(box: Sandbox, intent: Record) -> None:
    """Nobody captured it in time."""
    box.events.record("charge.expired", box.store.need("charge", intent["latest_charge"]))
    intents.cancel(box, intent, "automatic")
