"""What the bank behind a card says: the one place where a charge, and the saving of a card, is decided.

The sandbox's choice: a card is declined with ``expired_card`` once the month on it is over. Real banks often renew a card
behind its number, which :func:`sandbox.billing.payments.methods.renew_card` plays.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.billing.payments import cards
from sandbox.billing.payments.cards import Refusal
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def on_charge(box: Sandbox, intent: Record, method: Record, *, authenticated: bool = False) -> Refusal | None:
    """Why this charge of a payment intent is refused, None when it goes through. Asked once per charge.

    The card decides first, then the plan of faults.
    """
    card = cards.behind(method)
    if is_expired(box, method):
        return cards.EXPIRED
    own = card.charge or (card.after_authentication if authenticated else None)
    return own or box.chaos.on_charge(intent)


def on_saving(box: Sandbox, method: Record) -> Refusal | None:
    """Why this card cannot be attached or saved, None when it can."""
    return cards.EXPIRED if is_expired(box, method) else cards.behind(method).attach


def asks_to_pay(intent: Record, method: Record, *, off_session: bool) -> bool:
    """Whether a payment must stop for 3-D Secure: the card wants it, or the intent does and the card is able to."""
    card = cards.behind(method)
    if card.wants_authentication(off_session=off_session, set_up=method["_set_up"]):
        return True
    able = method["card"]["three_d_secure_usage"]["supported"]
    return able and not off_session and _is_requested(intent)


def asks_to_save(intent: Record, method: Record) -> bool:
    """Whether saving a card must stop for 3-D Secure."""
    able = method["card"]["three_d_secure_usage"]["supported"]
    return cards.behind(method).wants_authentication_to_save or (able and _is_requested(intent))


def is_expired(box: Sandbox, method: Record) -> bool:
    """Whether the last day on the card has passed in virtual time."""
    today = datetime.fromtimestamp(box.clock.now(), UTC)
    card = method["card"]
    return (card["exp_year"], card["exp_month"]) < (today.year, today.month)


def _is_requested(intent: Record) -> bool:
    return intent["payment_method_options"]["card"]["request_three_d_secure"] in ("any", "challenge")
