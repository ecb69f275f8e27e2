"""Why a payment failed: what it means for the next attempt, and how a customer is told."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import lazy_gettext as _l

from app.gateway.invoice_payments import OWNER_ASKED, PaymentState
from app.gateway.payment_intents import IntentRecord


class Reason(StrEnum):
    """Why an attempt failed, as far as it decides what is done next."""

    NO_METHOD = "no_method"
    DECLINED = "declined"
    REFUSED = "refused"  # for good: this card is not charged again
    AUTHENTICATION = "authentication"


HARD = frozenset(
    {
        "highest_risk_level",
        "incorrect_number",
        "lost_card",
        "pickup_card",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stolen_card",
        "transaction_not_allowed",
    }
)
"""Codes after which Stripe charges the same card no more (https://docs.stripe.com/billing/revenue-recovery/smart-retries);
it also lists `authentication_required`, which its owner can help."""

NOT_AGAIN = "do_not_try_again"
"""Stripe's advice with any other code (https://docs.stripe.com/declines/codes)."""

_SENTENCES = {
    Reason.NO_METHOD: _l("There is no card to charge."),
    Reason.DECLINED: _l("The bank declined the card."),
    Reason.REFUSED: _l("The bank does not accept this card any more; another one is needed."),
    Reason.AUTHENTICATION: _l("The bank wants the owner of the card to confirm the payment."),
}

# Stripe asks not to tell a customer that a card is reported lost or stolen, so those have no sentence of their own.
_CODES = {
    "insufficient_funds": _l("The card had insufficient funds."),
    "card_velocity_exceeded": _l("The card is over its limit."),
    "withdrawal_count_limit_exceeded": _l("The card is over its limit."),
    "expired_card": _l("The card has expired; another one is needed."),
    "incorrect_cvc": _l("The security code of the card is wrong."),
    "processing_error": _l("The bank could not process the payment."),
    "issuer_not_available": _l("The bank could not be reached."),
}


@dataclass(frozen=True)
class Trouble:
    """`code` and `card` are Stripe's: the word for it, and the id of what was charged."""

    reason: Reason
    code: str | None = None
    card: str | None = None


def of(collecting: IntentRecord | None) -> Trouble:
    """What stands in the way, by what an invoice's money was last asked with."""
    if collecting is None:
        return Trouble(Reason.NO_METHOD)
    card = _tried(collecting)
    if collecting.asks_owner or collecting.code in OWNER_ASKED:
        return Trouble(Reason.AUTHENTICATION, collecting.code, card)
    if collecting.code is None:
        return Trouble(Reason.NO_METHOD)
    is_hard = collecting.code in HARD or collecting.advice == NOT_AGAIN
    return Trouble(Reason.REFUSED if is_hard else Reason.DECLINED, collecting.code, card)


def hurdle(state: PaymentState, refused: Collection[str]) -> Trouble | None:
    """Why charging the present card would be in vain; None when it is worth an attempt.

    `refused` are cards that were refused for good before: Stripe tells of the latest attempt alone.
    """
    if state.default_card is None:
        return Trouble(Reason.NO_METHOD)
    known = of(state.intent)
    if known.reason in {Reason.REFUSED, Reason.AUTHENTICATION} and tried(state) == state.default_card:
        return known
    return Trouble(Reason.REFUSED, card=state.default_card) if state.default_card in refused else None


def tried(state: PaymentState) -> str | None:
    """The card of the latest attempt."""
    return _tried(state.intent) if state.intent else None


def _tried(intent: IntentRecord) -> str | None:
    """What an earlier attempt met stays written beside a bank's question."""
    return intent.payment_method if intent.asks_owner else intent.refused or intent.payment_method


def sentence(reason: str, code: str | None) -> str:
    """In the reader's language, for a customer."""
    return str(_CODES.get(code or "") or _SENTENCES[Reason(reason)])
