"""The test cards: what each number does when it is attached, charged on session and charged off session.

The table follows Stripe's testing page. Assumptions: the advice codes; that a decline card may be typed into a page but
fails at every use; that ...1280 is declined before any authentication page appears.
Simplification: of the cards that are disputed later only ...0259 is played.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from sandbox.store import Record


@dataclass(frozen=True)
class Refusal:
    """Why a card was refused."""

    code: str
    message: str
    decline_code: str | None = None
    advice_code: str | None = None


def _declined(decline_code: str, advice: str, message: str = "Your card was declined.") -> Refusal:
    return Refusal("card_declined", message, decline_code, advice)


GENERIC = _declined("generic_decline", "try_again_later")
INSUFFICIENT = _declined("insufficient_funds", "try_again_later", "Your card has insufficient funds.")
LOST = _declined("lost_card", "do_not_try_again")
STOLEN = _declined("stolen_card", "do_not_try_again")
VELOCITY = _declined("card_velocity_exceeded", "try_again_later")
BLOCKED = _declined("fraudulent", "do_not_try_again")
EXPIRED = Refusal("expired_card", "Your card has expired.", advice_code="do_not_try_again")
WRONG_CVC = Refusal("incorrect_cvc", "Your card's security code is incorrect.", advice_code="confirm_card_data")
PROCESSING = Refusal(
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    None,
    "try_again_later",
)
NEEDS_AUTHENTICATION = Refusal(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
)


@dataclass(frozen=True)
class Card:
    """One number. ``asks`` says when it wants 3-D Secure: ``never``; ``until_set_up`` (on session always, off session
    until it was saved with authentication); ``always``; ``on_session`` only."""

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    attach: Refusal | None = None
    charge: Refusal | None = None
    asks: str = "never"
    after_authentication: Refusal | None = None
    cvc_check: str = "pass"
    postal_check: str = "pass"
    disputed: bool = False
    """Whether its charges are disputed as fraudulent as soon as they are paid."""
    refund: str | None = None
    """What becomes of its refunds later: ``succeeded`` (pending until then) or ``failed``; None settles them at once."""

    def wants_authentication(self, *, off_session: bool, set_up: bool) -> bool:
        """Whether a payment must stop for 3-D Secure."""
        if self.asks == "until_set_up":
            return not (off_session and set_up)
        return self.asks == "always" or (self.asks == "on_session" and not off_session)

    @property
    def wants_authentication_to_save(self) -> bool:
        return self.asks in ("until_set_up", "always")


def _refused(number: str, refusal: Refusal, **more: Any) -> Card:
    """A plain decline card: it can neither be attached nor charged."""
    return Card(number, attach=refusal, charge=refusal, **more)


TABLE = {
    card.number: card
    for card in (
        Card("4242424242424242"),
        Card("4000056655665556", funding="debit"),
        Card("5555555555554444", brand="mastercard"),
        Card("2223003122003222", brand="mastercard"),
        Card("5105105105105100", brand="mastercard", funding="prepaid"),
        Card("5200828282828210", brand="mastercard", funding="debit"),
        Card("378282246310005", brand="amex"),
        Card("6011111111111117", brand="discover"),
        Card("3056930009020004", brand="diners"),
        Card("3566002020360505", brand="jcb", country="JP"),
        Card("4000002760000016", country="DE"),
        Card("4000008260000000", country="GB"),
        _refused("4000000000000002", GENERIC),
        _refused("4000000000009995", INSUFFICIENT),
        _refused("4000000000009987", LOST),
        _refused("4000000000009979", STOLEN),
        _refused("4000000000000069", EXPIRED),
        _refused("4000000000000127", WRONG_CVC, cvc_check="fail"),
        _refused("4000000000000119", PROCESSING),
        _refused("4000000000006975", VELOCITY),
        Card("4100000000000019", charge=BLOCKED),
        Card("4000000000000341", charge=GENERIC),
        Card("4000002500003155", asks="until_set_up"),
        Card("4000002760003184", asks="always"),
        Card("4000003800000446", asks="on_session"),
        Card("4000008260003178", asks="always", after_authentication=INSUFFICIENT),
        Card("4000000000003220", asks="always"),
        Card("4000008400001629", asks="always", after_authentication=GENERIC),
        Card("4000008400001280", charge=GENERIC),
        Card("4000000000003055"),
        Card("4000000000000101", cvc_check="fail"),
        Card("4000000000000036", postal_check="fail"),
        Card("4000000000000259", disputed=True),
        Card("4000000000007726", refund="succeeded"),
        Card("4000000000005126", refund="failed"),
    )
}

NAMED = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_debit": "4000056655665556",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_mastercard_debit": "5200828282828210",
    "pm_card_mastercard_prepaid": "5105105105105100",
    "pm_card_amex": "378282246310005",
    "pm_card_discover": "6011111111111117",
    "pm_card_diners": "3056930009020004",
    "pm_card_jcb": "3566002020360505",
    "pm_card_us": "4242424242424242",
    "pm_card_de": "4000002760000016",
    "pm_card_gb": "4000008260000000",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedLostCard": "4000000000009987",
    "pm_card_visa_chargeDeclinedStolenCard": "4000000000009979",
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": "4000000000006975",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequiredOnSetup": "4000002500003155",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_authenticationRequiredSetupForOffSession": "4000003800000446",
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "pm_card_threeDSecureRequired": "4000000000003220",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_threeDSecureRequiredChargeDeclined": "4000008400001629",
    "pm_card_threeDSecureRequiredProcessingError": "4000008400001280",
    "pm_card_threeDSecureOptional": "4000000000003055",
    "pm_card_cvcCheckFail": "4000000000000101",
    "pm_card_avsZipFail": "4000000000000036",
    "pm_card_radarBlock": "4100000000000019",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_refundFail": "4000000000005126",
}
"""PaymentMethod ids that stand for a fresh card each time they are used; ``tok_…`` works the same."""


def behind(method: Record) -> Card:
    """The card of a payment method."""
    return TABLE[method["_number"]]


def passes_luhn(number: str) -> bool:
    """Whether the check digit fits."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def fingerprint(number: str) -> str:
    """The same for every payment method made of the same number."""
    return hashlib.sha256(number.encode()).hexdigest()[:16]
