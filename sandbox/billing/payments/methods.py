"""Payment methods: made of a number, attached to a customer, found for an invoice, renewed by their bank.

A method that paid without being kept, or was detached, can be used nowhere any more. Simplification: cards only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.billing.payments import cards, verdicts
from sandbox.billing.payments.cards import Card
from sandbox.errors import ApiError, card_error, invalid, unsupported
from sandbox.events import difference
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

BILLING_DETAILS: dict[str, Any] = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
ADDRESS: dict[str, Any] = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def create(box: Sandbox, data: dict[str, Any], param: str = "") -> Record:
    """Make a payment method of ``payment_method`` parameters (or of ``payment_method_data``, named by ``param``)."""
    if data.get("type") != "card" or "card" not in data:
        raise unsupported(f"{param}[type]" if param else "type") if data.get("type") != "card" else _missing("card")
    given = data["card"]
    if "token" in given:
        return _store(box, _named(given["token"]), data, *_default_expiry(box))
    for name in ("number", "exp_month", "exp_year"):
        if name not in given:
            raise _missing(f"card[{name}]")
    number = str(given["number"]).replace(" ", "").replace("-", "")
    card = _typed_in(number)
    month, year = expiry(box, given["exp_month"], given["exp_year"])
    _check_cvc(card, given.get("cvc"))
    return _store(box, card, data, month, year, cvc_given=bool(given.get("cvc")))


def find(box: Sandbox, id: str, param: str = "payment_method") -> Record:
    """The payment method of that id; a ``pm_card_…`` name makes a fresh one."""
    if id in cards.NAMED:
        return _store(box, cards.TABLE[cards.NAMED[id]], {}, *_default_expiry(box))
    return box.store.need("payment_method", id, param)


def attach(box: Sandbox, method: Record, customer: str) -> None:
    """Put a method on a customer; one that is there already stays, one of another customer is refused."""
    if method["customer"] == customer:
        return
    _refuse_if_spent(method)
    if method["customer"]:
        raise _unusable("The payment method you provided has already been attached to a customer.")
    box.store.update(method, customer=customer)
    box.events.record("payment_method.attached", method)


def refuse_to_attach(box: Sandbox, method: Record) -> None:
    """Raise what the card's issuer says to saving it, if it says no."""
    problem = verdicts.on_saving(box, method)
    if problem:
        raise card_error(
            problem.message, problem.code, decline_code=problem.decline_code, advice_code=problem.advice_code
        )


def refuse_to_use(method: Record, customer: str | None) -> None:
    """Raise why an intent of that customer (None: of nobody) cannot have the method."""
    _refuse_if_spent(method)
    if method["customer"] in (None, customer):
        return
    if customer is None:
        raise invalid(
            "The payment method you provided is attached to a customer so for security purposes you must provide the "
            "customer in the request.",
            "payment_method",
        )
    raise invalid(
        f"The customer does not have a payment method with the ID {method['id']}. The payment method must be attached "
        "to the customer.",
        "payment_method",
    )


def keep_or_spend(box: Sandbox, method: Record, intent: Record) -> None:
    """After a payment: the method is the customer's if that was agreed, and otherwise was good for this once."""
    if method["_detached"]:
        return
    if not intent["setup_future_usage"]:
        box.store.update(method, _detached=method["customer"] is None)
    elif intent["customer"]:
        attach(box, method, intent["customer"])


def renew_card(box: Sandbox, method: Record) -> None:
    """The bank replaces the card by one that is good for five more years, and the network tells Stripe.

    Assumption: number and fingerprint stay, as if only the plastic were new.
    """
    before = box.render(method)
    month, year = _default_expiry(box)
    year = max(year, method["card"]["exp_year"] + 5)
    box.store.update(method, card={**method["card"], "exp_month": month, "exp_year": year})
    previous = difference(before, box.render(method))
    box.events.record("payment_method.automatically_updated", method, previous)


def for_invoice(box: Sandbox, invoice: Record) -> Record | None:
    """The method to charge: the invoice's, the subscription's, the customer's, in that order."""
    customer = box.store.need("customer", invoice["customer"])
    return find_default(box, invoice["default_payment_method"], _subscription_default(box, invoice), customer)


def find_default(box: Sandbox, *candidates: str | Record | None) -> Record | None:
    """The first of these method ids, customers' default cards included, that is still there."""
    for candidate in candidates:
        if isinstance(candidate, dict):
            candidate = candidate["invoice_settings"]["default_payment_method"]
        method = box.store.get("payment_method", candidate) if candidate else None
        if method and method["customer"]:
            return method
    return None


def _subscription_default(box: Sandbox, invoice: Record) -> str | None:
    subscription = box.store.get("subscription", invoice["_subscription"] or "")
    return subscription["default_payment_method"] if subscription else None


def _named(token: str) -> Card:
    name = token.replace("tok_", "pm_card_", 1)
    if name not in cards.NAMED:
        raise invalid(f"No such token: '{token}'", "card[token]", "resource_missing")
    return cards.TABLE[cards.NAMED[name]]


def _typed_in(number: str) -> Card:
    if not number.isdigit() or not cards.passes_luhn(number) or not 12 <= len(number) <= 19:
        raise card_error("Your card number is incorrect.", "incorrect_number", param="number")
    card = cards.TABLE.get(number)
    if card is None:
        raise card_error(
            "Your card was declined. Your request was in test mode, but used a non test card.",
            "card_declined",
            decline_code="test_mode_live_card",
        )
    return card


def expiry(box: Sandbox, month: int, year: int) -> tuple[int, int]:
    """Month and year on a card, the year in four digits; a 402 as Stripe answers when they lie in the past."""
    year = year + 2000 if year < 100 else year
    today = datetime.fromtimestamp(box.clock.now(), UTC)
    if not 1 <= month <= 12 or (year == today.year and month < today.month):
        raise card_error("Your card's expiration month is invalid.", "invalid_expiry_month", param="exp_month")
    if not today.year <= year <= today.year + 50:
        raise card_error("Your card's expiration year is invalid.", "invalid_expiry_year", param="exp_year")
    return month, year


def _default_expiry(box: Sandbox) -> tuple[int, int]:
    return 12, datetime.fromtimestamp(box.clock.now(), UTC).year + 5


def _check_cvc(card: Card, cvc: str | None) -> None:
    if cvc is not None and (not cvc.isdigit() or len(cvc) != (4 if card.brand == "amex" else 3)):
        raise card_error("Your card's security code is invalid.", "invalid_cvc", param="cvc")


def _store(box: Sandbox, card: Card, data: dict[str, Any], month: int, year: int, *, cvc_given: bool = True) -> Record:
    billing = {**BILLING_DETAILS, **(data.get("billing_details") or {})}
    billing["address"] = {**ADDRESS, **(billing["address"] or {})}
    return box.store.add(
        {
            "id": new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": data.get("allow_redisplay", "unspecified"),
            "billing_details": billing,
            "card": _card_details(card, month, year, billing, cvc_given),
            "created": box.clock.now(),
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": data.get("metadata") or {},
            "type": "card",
            "_number": card.number,
            "_set_up": False,
            "_detached": False,
        }
    )


def _card_details(card: Card, month: int, year: int, billing: dict[str, Any], cvc_given: bool) -> dict[str, Any]:
    address = billing["address"]
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": "pass" if address["line1"] else None,
            "address_postal_code_check": card.postal_check if address["postal_code"] else None,
            "cvc_check": card.cvc_check if cvc_given else None,
        },
        "country": card.country,
        "display_brand": "american_express" if card.brand == "amex" else card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": cards.fingerprint(card.number),
        "funding": card.funding,
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": card.brand != "amex"},
        "wallet": None,
    }


def _refuse_if_spent(method: Record) -> None:
    if method["_detached"]:
        raise _unusable(
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a "
            "Customer, and may not be used again."
        )


def _unusable(message: str) -> ApiError:
    return invalid(message, "payment_method", "payment_method_unexpected_state")


def _missing(param: str) -> ApiError:
    return invalid(f"Missing required param: {param}.", param, "parameter_missing")
