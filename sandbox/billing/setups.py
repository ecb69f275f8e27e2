"""Saving a card through a setup intent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.billing import cards, intents, standing
from sandbox.billing.intents import Attempt
from sandbox.errors import invalid
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def confirm(box: Sandbox, intent: Record, attempt: Attempt) -> None:
    """Try to save the card; look at the intent's status for the outcome."""
    intents.refuse_if_final(intent, "confirm")
    method = attempt.method
    if method["customer"] not in (None, intent["customer"]):
        raise invalid("The payment method belongs to another customer.", "payment_method")
    card = cards.behind(method)
    if card.attach:
        intents.fail_setup(box, intent, method, card.attach)
    elif card.wants_authentication_to_save:
        intents.ask_for_action(box, intent, attempt)
    else:
        complete(box, intent, method)


def complete(box: Sandbox, intent: Record, method: Record) -> None:
    """The card is saved."""
    intents.save(box, intent, method)
    standing.card_saved(box, intent, method)
