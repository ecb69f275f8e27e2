"""Every way an issuer can refuse a charge: https://docs.stripe.com/declines/codes.

Assumption: the sentence for a code the test cards do not know is the plain "Your card was declined.".
"""

from __future__ import annotations

from sandbox.billing.payments.cards import EXPIRED, INSUFFICIENT, PROCESSING, WRONG_CVC, Refusal

HARD = (
    "fraudulent",
    "highest_risk_level",
    "incorrect_number",
    "invalid_account",
    "invalid_number",
    "lost_card",
    "merchant_blacklist",
    "new_account_information_available",
    "pickup_card",
    "restricted_card",
    "revocation_of_all_authorizations",
    "revocation_of_authorization",
    "security_violation",
    "stolen_card",
    "stop_payment_order",
    "transaction_not_allowed",
)
"""Declines that another try with the same card cannot mend; their advice is ``do_not_try_again``."""

SOFT = (
    "approve_with_id",
    "call_issuer",
    "card_not_supported",
    "card_velocity_exceeded",
    "currency_not_supported",
    "do_not_honor",
    "do_not_try_again",
    "duplicate_transaction",
    "generic_decline",
    "insufficient_funds",
    "invalid_amount",
    "issuer_not_available",
    "no_action_taken",
    "not_permitted",
    "reenter_transaction",
    "service_not_allowed",
    "testmode_decline",
    "try_again_later",
    "withdrawal_count_limit_exceeded",
)

OWN = {
    "expired_card": EXPIRED,
    "incorrect_cvc": WRONG_CVC,
    "processing_error": PROCESSING,
    "insufficient_funds": INSUFFICIENT,
    "authentication_required": Refusal(
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
        "authentication_required",
    ),
}
"""Codes with a sentence of their own; the first three are error codes without being decline codes."""

CODES = tuple(sorted({*HARD, *SOFT, *OWN}))


def refusal(code: str) -> Refusal:
    """The refusal a charge meets when it is declined with this code."""
    if code in OWN:
        return OWN[code]
    final = code in HARD or code == "do_not_try_again"
    return Refusal("card_declined", "Your card was declined.", code, "do_not_try_again" if final else "try_again_later")
