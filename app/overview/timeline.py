"""The timeline in sentences: what the audit knows of this organization, as far as it concerns its billing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit.models import Entry
from app.catalog import service as catalog
from app.catalog.words import capital
from app.core import i18n
from app.core.money import Money

Sentences = Mapping[str, tuple[Any, str]]
"""Words and tone of an action."""

# What people care about; sign-ins and refusals stay in the audit.
SENTENCES: Sentences = {
    "organization.created": (_l("Organization created"), "quiet"),
    "organization.billing_changed": (_l("Billing details changed"), "info"),
    "organization.credit_changed": (_l("Credit on the account is now"), "info"),
    "tax_id.verified": (_l("Tax number verified"), "success"),
    "tax_id.unverified": (_l("A tax number could not be verified"), "warning"),
    "subscription.started": (_l("Subscription started"), "success"),
    "subscription.trial_started": (_l("Trial started"), "info"),
    "subscription.trial_reminded": (_l("Reminder of the end of the trial sent"), "quiet"),
    "subscription.trial_ended": (_l("Trial ended"), "quiet"),
    "subscription.trial_paused": (_l("Trial ended without a card, plan paused"), "warning"),
    "subscription.trial_converted": (_l("Trial became a paid subscription"), "success"),
    "subscription.renewed": (_l("Subscription renewed"), "success"),
    "subscription.past_due": (_l("A payment failed"), "danger"),
    "subscription.unpaid": (_l("Collection stopped after failed payments"), "danger"),
    "subscription.recovered": (_l("The overdue payment arrived"), "success"),
    "subscription.pause_planned": (_l("Pause planned"), "info"),
    "subscription.pause_withdrawn": (_l("Planned pause taken back"), "success"),
    "subscription.pause_dropped": (_l("Planned pause dropped because of another change"), "quiet"),
    "subscription.paused": (_l("Subscription paused"), "warning"),
    "subscription.resumed": (_l("Subscription resumed"), "success"),
    "subscription.cancellation_scheduled": (_l("Cancellation scheduled"), "warning"),
    "subscription.cancellation_withdrawn": (_l("Cancellation taken back"), "success"),
    "subscription.plan_changed": (_l("Plan changed"), "success"),
    "subscription.change_scheduled": (_l("Change scheduled"), "info"),
    "subscription.change_withdrawn": (_l("Scheduled change taken back"), "success"),
    "subscription.change_waiting": (_l("Change waits for its payment"), "warning"),
    "subscription.change_discarded": (_l("Waiting change discarded"), "quiet"),
    "subscription.change_expired": (_l("Change not paid in time, so it was given up"), "quiet"),
    "subscription.offer_accepted": (_l("Discount accepted instead of leaving"), "success"),
    "subscription.unused_refunded": (_l("Unused time refunded"), "info"),
    "subscription.unused_credited": (_l("Unused time credited"), "info"),
    "subscription.code_applied": (_l("Promotion code applied"), "success"),
    "subscription.discount_ended": (_l("Discount ended"), "quiet"),
    "subscription.card_changed": (_l("The plan is charged to another card from now on"), "info"),
    "subscription.ended": (_l("Subscription ended"), "quiet"),
    "dunning.attempt_failed": (_l("Another attempt to charge the card failed"), "warning"),
    "dunning.exhausted": (_l("The automatic attempts to charge the card are over"), "warning"),
    "dunning.stopped": (_l("The automatic attempts to charge the card were stopped"), "quiet"),
    "dunning.restricted": (_l("Access restricted until the payment arrives"), "danger"),
    "invoice.payment_declined": (_l("A card was declined"), "warning"),
    "invoice.paid": (_l("Invoice paid"), "success"),
    "invoice.voided": (_l("Invoice voided"), "quiet"),
    "invoice.written_off": (_l("Invoice written off"), "warning"),
    "payment.succeeded": (_l("Payment received"), "success"),
    "refund.made": (_l("Refund sent to the card"), "info"),
    "refund.failed": (_l("A refund came back from the bank"), "danger"),
    "payment_method.added": (_l("Card added"), "success"),
    "payment_method.removed": (_l("Card removed"), "quiet"),
    "payment_method.made_default": (_l("Card made the default"), "info"),
    "payment_method.renewed": (_l("Card updated by its bank"), "info"),
    "payment_method.changed": (_l("Card details changed"), "info"),
    "usage.level_reached": (_l("Use came near its limit"), "warning"),
    "usage.budget_set": (_l("Budget set"), "info"),
    "usage.budget_removed": (_l("Budget removed"), "quiet"),
    "usage.budget_level_reached": (_l("Use came near its budget"), "warning"),
    "invitation.created": (_l("Invitation sent"), "info"),
    "invitation.accepted": (_l("Invitation accepted"), "success"),
    "membership.removed": (_l("Member removed"), "warning"),
    "membership.role_changed": (_l("Role changed"), "info"),
}

REACHED: Mapping[str, Any] = {
    "usage.level_reached": _l("Use reached its limit"),
    "usage.budget_level_reached": _l("Use reached its budget"),
}
"""What the words above become at the whole of it."""


@dataclass(frozen=True)
class Step:
    at: datetime
    title: str
    tone: str
    note: str


def described(entries: list[Entry], sentences: Sentences = SENTENCES) -> list[Step]:
    """Each entry as a sentence with its tone; `note` says which: an invoice's number, a card's last digits, an amount.

    Latest first by when it happened: what came in late is not the latest because of that. Of the levels that use came to in
    one window of a meter the latest stands for all.
    """
    found = _latest(sorted(entries, key=lambda entry: (entry.at, entry.id), reverse=True))
    return [Step(e.at, _title(e, sentences), sentences[e.action][1], _note(e)) for e in found]


def _latest(entries: list[Entry]) -> Iterator[Entry]:
    told = set()
    for entry in entries:
        window = (entry.action, entry.data.get("meter"), entry.data.get("window"))
        if entry.action not in REACHED or window not in told or window[-1] is None:
            yield entry
        told.add(window)


def _title(entry: Entry, sentences: Sentences) -> str:
    is_whole = entry.action in REACHED and entry.data["level"] == 100
    return str(REACHED[entry.action] if is_whole else sentences[entry.action][0])


def _note(entry: Entry) -> str:
    if entry.action.startswith(("subscription.unused_", "refund.", "payment.", "organization.credit_")):
        return i18n.money(Money(entry.data["amount"], entry.data["currency"]))
    if entry.action.startswith("usage."):
        return _of_meter(entry.data)
    if entry.action == "subscription.code_applied":
        return str(entry.data["code"])
    return str(entry.data.get("number") or entry.data.get("card") or "")


def _of_meter(data: Mapping[str, Any]) -> str:
    meter = catalog.current().meter(data["meter"])
    if meter is None:
        return ""
    known = [i18n.percent(Decimal(data["level"]))] if "level" in data else []
    known += [i18n.quantity(Decimal(data["amount"]))] if "amount" in data else []
    return ", ".join([capital(meter.name), *known])
