"""What stands here of an organization's cards, and what Stripe has of them, under the same names."""

from collections.abc import Iterable
from typing import Any

from app.core import drift
from app.gateway.payment_methods import PaymentMethodRecord

from .models import PaymentMethod
from .service import MIRRORED, Answer

MINOR = {"type", "brand", "last4", "exp_month", "exp_year", "fingerprint"}


def ours(cards: Iterable[PaymentMethod]) -> dict[str, Any]:
    """Values of all cards of an organization."""
    values: dict[str, Any] = {}
    for card in cards:
        values |= _card(card, is_default=card.is_default)
    return values


def original(answer: Answer) -> dict[str, Any]:
    """Values of what Stripe has of the customer."""
    values: dict[str, Any] = {}
    for card in answer.cards:
        values |= _card(card, is_default=card.stripe_id == answer.default)
    return values


def _card(card: PaymentMethod | PaymentMethodRecord, *, is_default: bool) -> dict[str, Any]:
    named = {name: getattr(card, name) for name in MIRRORED} | {"is_default": is_default}
    return drift.parts(f"cards.{card.stripe_id}", named)
