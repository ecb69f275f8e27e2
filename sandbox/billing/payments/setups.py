"""Saving a card through a setup intent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.billing.payments import intents, methods, verdicts
from sandbox.billing.payments.intents import Attempt
from sandbox.billing.subscriptions import standing
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def confirm(box: Sandbox, intent: Record, attempt: Attempt) -> None:
    """Try to save the card; look at the intent's status for the outcome."""
    intents.refuse_if_final(intent, "confirm")
    method = attempt.method
    methods.refuse_to_use(method, intent["customer"])
    refusal = verdicts.on_saving(box, method)
    if refusal:
        intents.fail_setup(box, intent, method, refusal)
    elif verdicts.asks_to_save(intent, method):
        intents.ask_for_action(box, intent, attempt)
    else:
        complete(box, intent, method)


def complete(box: Sandbox, intent: Record, method: Record) -> None:
    """The card is saved."""
    intents.save(box, intent, method)
    standing.card_saved(box, intent, method)
