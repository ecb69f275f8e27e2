"""The end of a 3-D Secure authentication, whichever page it happened on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.billing.payments import collection, intents, setups, verdicts
from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def return_url(intent: Record) -> str | None:
    """Where the customer goes afterwards; None while nothing is being authenticated."""
    pending = intent["_pending"]
    return pending["return_url"] if pending else None


def finish(box: Sandbox, intent: Record, *, passed: bool) -> None:
    """Go on with an intent that waits for its customer; any other is refused with a 400."""
    if intent["status"] != "requires_action":
        raise invalid(
            f"This intent does not wait for an authentication: its status is {intent['status']}.",
            code=f"{intent['object']}_unexpected_state",
        )
    method = box.store.need("payment_method", intent["_pending"]["method"])
    if intent["object"] == "setup_intent":
        if passed:
            setups.complete(box, intent, method)
        else:
            intents.fail_authentication(box, intent)
    elif passed:
        refusal = verdicts.on_charge(box, intent, method, authenticated=True)
        collection.complete(box, intent, method, refusal, authenticated=True)
    else:
        collection.authentication_failed(box, intent)
