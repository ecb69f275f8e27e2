"""Payment intents and setup intents as records, with the charge a payment leaves behind.

Everything here concerns the intent alone; what it means for an invoice is in :mod:`sandbox.billing.payments.collection`.
Assumption: ``payment_method_types`` reads ``["card"]`` whatever automatic payment methods would offer.
Simplification: charges settle at once and have no balance transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sandbox.billing.payments import charge_record, disputes, methods, refunds
from sandbox.billing.payments.cards import Refusal
from sandbox.errors import ApiError, card_error, invalid
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

FINAL = ("succeeded", "canceled")
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
"""The statuses in which an intent can still be confirmed and changed."""
HELD_FOR = 7 * 86400
"""Seconds until money that was set aside and not captured goes back."""
SETUP_OPTIONS = {"card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}}
PAYMENT_OPTIONS = {"card": {"installments": None, **SETUP_OPTIONS["card"]}}
NAMES = {"payment_intent": "PaymentIntent", "setup_intent": "SetupIntent"}


@dataclass(frozen=True)
class Attempt:
    """How a confirmation is made: the card, whether the customer is there, and where 3-D Secure may send them."""

    method: Record
    off_session: bool = False
    return_url: str | None = None
    use_stripe_sdk: bool = True
    error_on_requires_action: bool = False


def new_payment(box: Sandbox, customer: str | None, amount: int, currency: str, **fields: Any) -> Record:
    """Store a payment intent and say so; ``amount`` in minor units."""
    id = new_id("pi")
    intent = {
        **box.contract.blank("payment_intent"),
        "id": id,
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "capture_method": "automatic",
        "client_secret": new_id(f"{id}_secret"),
        "confirmation_method": "automatic",
        "created": box.clock.now(),
        "currency": currency,
        "customer": customer,
        "metadata": {},
        "payment_method_options": PAYMENT_OPTIONS,
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "_pending": None,
        **fields,
    }
    box.store.add(intent)
    box.events.record("payment_intent.created", intent)
    return intent


def new_setup(box: Sandbox, customer: str | None, **fields: Any) -> Record:
    """Store a setup intent and say so."""
    id = new_id("seti")
    intent = {
        **box.contract.blank("setup_intent"),
        "id": id,
        "client_secret": new_id(f"{id}_secret"),
        "created": box.clock.now(),
        "customer": customer,
        "metadata": {},
        "payment_method_options": SETUP_OPTIONS,
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "usage": "off_session",
        "_pending": None,
        **fields,
    }
    box.store.add(intent)
    box.events.record("setup_intent.created", intent)
    return intent


def refuse_if_final(intent: Record, deed: str) -> None:
    """Raise Stripe's "unexpected state" for an intent that is over, or whose money only waits for its capture.

    ``deed`` is ``confirm`` or ``cancel``; an authorization can be canceled and not confirmed again.
    """
    is_held = deed == "cancel" and intent["object"] == "payment_intent"
    allowed = (*OPEN, "requires_capture") if is_held else OPEN
    if intent["status"] not in allowed:
        name = NAMES[intent["object"]]
        raise unexpected_state(
            intent,
            f"You cannot {deed} this {name} because it has a status of {intent['status']}. Only a {name} with one of "
            f"the following statuses may be {deed}ed: {', '.join(allowed)}.",
        )


def unexpected_state(intent: Record, message: str) -> ApiError:
    """The 400 for a deed that an intent's status does not allow."""
    return invalid(message, code=f"{intent['object']}_unexpected_state")


def ask_for_action(box: Sandbox, intent: Record, attempt: Attempt) -> None:
    """Stop for 3-D Secure."""
    query = {"client_secret": intent["client_secret"]}
    if attempt.return_url:
        query["return_url"] = attempt.return_url
    url = f"{box.base_url}/hosted/3ds/{intent['id']}?{urlencode(query)}"
    box.store.update(
        intent,
        status="requires_action",
        payment_method=attempt.method["id"],
        next_action=_next_action(attempt, url),
        _pending={"method": attempt.method["id"], "return_url": attempt.return_url},
    )
    box.events.record(f"{intent['object']}.requires_action", intent)


def charge(box: Sandbox, intent: Record, method: Record, refusal: Refusal | None) -> None:
    """Try the card: a charge either way, and the intent either succeeded or asking for another method."""
    made = box.store.add(charge_record.build(box, intent, method, refusal))
    if refusal is None:
        _succeed(box, intent, made)
        return
    box.store.update(intent, latest_charge=made["id"])
    _back_to_start(box, intent, last_payment_error={**as_error(box, refusal, method), "charge": made["id"]})
    box.events.record("payment_intent.payment_failed", intent)
    box.events.record("charge.failed", made)


def _succeed(box: Sandbox, intent: Record, made: Record) -> None:
    held = 0 if made["captured"] else made["amount"]
    box.store.update(
        intent,
        status="requires_capture" if held else "succeeded",
        _held_until=box.clock.now() + HELD_FOR if held else None,
        amount_capturable=held,
        amount_received=made["amount_captured"],
        payment_method=made["payment_method"],
        latest_charge=made["id"],
        last_payment_error=None,
        next_action=None,
        _pending=None,
    )
    box.events.record(f"payment_intent.{'amount_capturable_updated' if held else 'succeeded'}", intent)
    box.events.record("charge.succeeded", made)
    if not held:
        disputes.open_if_wanted(box, made)


def save(box: Sandbox, intent: Record, method: Record) -> None:
    """Let a setup intent succeed and put its card on the customer."""
    box.store.update(
        intent,
        status="succeeded",
        payment_method=method["id"],
        last_setup_error=None,
        next_action=None,
        _pending=None,
    )
    box.store.update(method, _set_up=intent["usage"] == "off_session" or method["_set_up"])
    box.events.record("setup_intent.succeeded", intent)
    if intent["customer"]:
        methods.attach(box, method, intent["customer"])


def fail_setup(box: Sandbox, intent: Record, method: Record, refusal: Refusal) -> None:
    """Let a setup intent ask for another card."""
    _back_to_start(box, intent, last_setup_error=as_error(box, refusal, method))
    box.events.record("setup_intent.setup_failed", intent)


def fail_authentication(box: Sandbox, intent: Record) -> None:
    """3-D Secure was not passed."""
    kind = intent["object"]
    method = box.store.need("payment_method", intent["_pending"]["method"])
    error = {
        "type": "invalid_request_error",
        "code": f"{kind}_authentication_failure",
        "message": "The provided PaymentMethod has failed authentication. You can provide a new PaymentMethod to try "
        "again.",
        "payment_method": box.render(method),
    }
    if kind == "payment_intent":
        _back_to_start(box, intent, last_payment_error=error)
        box.events.record("payment_intent.payment_failed", intent)
    else:
        _back_to_start(box, intent, last_setup_error=error)
        box.events.record("setup_intent.setup_failed", intent)


def cancel(box: Sandbox, intent: Record, reason: str | None) -> None:
    """End an intent that is not final."""
    held = intent["status"] == "requires_capture"
    box.store.update(intent, status="canceled", cancellation_reason=reason, next_action=None, _pending=None)
    if intent["object"] == "payment_intent":
        box.store.update(intent, canceled_at=box.clock.now(), amount_capturable=0)
    if held:
        expired = "expired_uncaptured_charge" if reason == "automatic" else None
        refunds.release(box, box.store.need("charge", intent["latest_charge"]), expired)
    box.events.record(f"{intent['object']}.canceled", intent)


def as_api_error(box: Sandbox, intent: Record) -> ApiError:
    """The 402 that reports the intent's last error; what happened to the intent is kept."""
    error = dict(intent.get("last_payment_error") or intent.get("last_setup_error") or {})
    error.pop("type")
    return card_error(
        error.pop("message"), error.pop("code"), keep=True, **error, **{intent["object"]: box.render(intent)}
    )


def as_error(box: Sandbox, refusal: Refusal, method: Record) -> dict[str, Any]:
    """A refusal as ``last_payment_error`` or ``last_setup_error``."""
    error = {
        "type": "card_error",
        "code": refusal.code,
        "message": refusal.message,
        "payment_method": box.render(method),
        "doc_url": f"https://stripe.com/docs/error-codes/{refusal.code.replace('_', '-')}",
    }
    optional = {"decline_code": refusal.decline_code, "advice_code": refusal.advice_code}
    return {**error, **{name: value for name, value in optional.items() if value}}


def _back_to_start(box: Sandbox, intent: Record, **error: Any) -> None:
    box.store.update(
        intent, status="requires_payment_method", payment_method=None, next_action=None, _pending=None, **error
    )


def _next_action(attempt: Attempt, url: str) -> dict[str, Any]:
    if attempt.return_url and not attempt.use_stripe_sdk:
        return {"type": "redirect_to_url", "redirect_to_url": {"return_url": attempt.return_url, "url": url}}
    inner = {"type": "three_d_secure_redirect", "stripe_js": url}
    return {"type": "use_stripe_sdk", "use_stripe_sdk": inner}
