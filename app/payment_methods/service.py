"""The mirror of an organization's cards: fetch them from Stripe, absorb the answer, and say what follows from a change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.audit import service as audit
from app.core import clock, ids, tasks
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.hooks import Hooks
from app.gateway import customers
from app.gateway import payment_methods as gateway
from app.gateway.payment_methods import PaymentMethodRecord
from app.organizations.models import Organization
from app.subscriptions.models import Subscription

from .models import CardsSync, PaymentMethod

MIRRORED = ["type", "brand", "last4", "exp_month", "exp_year", "fingerprint"]


class CardNotFound(PortalError):
    """Removed in another tab, or never theirs: the two must not be told apart."""

    status = 404
    code = "payment_method_not_found"

    def __init__(self) -> None:
        super().__init__(
            _("This card is not saved here any more; it may have been removed in another tab. Nothing was changed.")
        )


made_default: Hooks[Callable[[Organization], None]] = Hooks()
"""Rooms above hear of another default card, in the transaction that learns of it."""


@dataclass(frozen=True)
class Answer:
    """What Stripe has of a customer to a question put at `asked_at` (machine time)."""

    asked_at: datetime
    default: str | None
    cards: list[PaymentMethodRecord]


def of(organization: Organization) -> list[PaymentMethod]:
    """All saved cards, the customer's default first, then in the order they came."""
    return list(db.session.scalars(PaymentMethod.of(organization).execution_options(populate_existing=True)))


def get(organization: Organization, public_id: str) -> PaymentMethod:
    """One of the organization's cards. Raises CardNotFound."""
    mine = PaymentMethod.of(organization).where(PaymentMethod.public_id == public_id)
    card = db.session.scalar(mine) if public_id.isprintable() else None  # PostgreSQL takes no NUL
    if card is None:
        raise CardNotFound()
    return card


def charged(cards: Sequence[PaymentMethod], subscription: Subscription | None) -> PaymentMethod | None:
    """The card the next charge goes to: a running subscription's own wins over the customer's default, as at Stripe."""
    own = subscription.default_payment_method if subscription and subscription.is_running else None
    found = next((card for card in cards if own and card.stripe_id == own), None)
    return found or next((card for card in cards if card.is_default), None)


def doubles(cards: Sequence[PaymentMethod], kept: PaymentMethod | None) -> set[int]:
    """The ids of cards that are another one saved again (by Stripe's fingerprint of the number); never that of `kept`."""
    first_come = sorted(cards, key=lambda card: (card is not kept, card.id))
    seen: set[str] = set()
    found = set()
    for card in first_come:
        if card.fingerprint in seen:
            found.add(card.id)
        elif card.fingerprint:
            seen.add(card.fingerprint)
    return found


def fetch(customer: str) -> Answer:
    """Ask Stripe for a customer's cards; none for one who was deleted."""
    asked_at = clock.wall()
    owner = customers.retrieve(customer)
    cards = [] if owner.is_deleted else gateway.of_customer(customer)
    return Answer(asked_at, owner.default_payment_method, cards)


def sync(customer: str, *, by_bank: bool = False) -> None:
    """Fetch a customer's cards and absorb them; nothing for a customer who is not ours."""
    organization = db.session.scalar(select(Organization).where(Organization.stripe_customer_id == customer))
    if organization is not None:
        absorb(organization, fetch(customer), by_bank=by_bank)


def absorb(organization: Organization, answer: Answer, *, by_bank: bool = False) -> None:
    """Write Stripe's answer into our rows, audit what changed, and plan the warnings; nothing for an older answer.

    `by_bank` says that a change of expiry is the doing of the card's bank.
    """
    if not _is_news(organization, answer.asked_at):
        return
    before = {card.stripe_id: card for card in of(organization)}
    had = next((card.stripe_id for card in before.values() if card.is_default), None)
    for record in answer.cards:
        known = before.pop(record.stripe_id, None)
        values = {name: getattr(record, name) for name in MIRRORED}
        _write(organization, known, record.stripe_id, values | _standing(answer, record), by_bank)
    for gone in before.values():
        _audit("removed", gone)
    if before:
        db.session.execute(delete(PaymentMethod).where(PaymentMethod.id.in_([card.id for card in before.values()])))
    if answer.default not in {None, had}:
        for hear in made_default:
            hear(organization)


def _is_news(organization: Organization, asked_at: datetime) -> bool:
    """Whether nothing here was asked later; locks the organization's cards until the commit."""
    row = select(CardsSync).where(CardsSync.organization_id == organization.id).with_for_update()
    row = row.execution_options(populate_existing=True)
    known = db.session.scalars(row).one_or_none()
    if known is None:
        first = insert(CardsSync).values(organization_id=organization.id, asked_at=asked_at)
        db.session.execute(first.on_conflict_do_nothing())
        known = db.session.scalars(row).one()
    is_news = asked_at >= known.asked_at
    known.asked_at = max(asked_at, known.asked_at)
    return is_news


def _standing(answer: Answer, record: PaymentMethodRecord) -> dict[str, Any]:
    return {"is_default": record.stripe_id == answer.default, "synced_at": answer.asked_at}


def _write(
    organization: Organization, known: PaymentMethod | None, stripe_id: str, values: dict[str, Any], by_bank: bool
) -> None:
    card = known or PaymentMethod(public_id=ids.new("pm"), organization_id=organization.id, stripe_id=stripe_id)
    was_default = known is not None and known.is_default
    is_changed = known is not None and any(getattr(known, name) != values[name] for name in MIRRORED)
    for name, value in values.items():
        setattr(card, name, value)
    if known is None:
        db.session.add(card)
        db.session.flush()
        _audit("added", card)
    if is_changed:
        _audit("renewed" if by_bank else "changed", card)
    if card.is_default and not was_default:
        _audit("made_default", card)
    if known is None or is_changed:
        _plan_warning(card)


def _audit(step: str, card: PaymentMethod) -> None:
    """Brand and last four are printed on every receipt and name nobody."""
    data = {"card": card.label, "expiry": card.expiry}
    audit.write(f"payment_method.{step}", card.public_id, organization_id=card.organization_id, data=data)


def _plan_warning(card: PaymentMethod) -> None:
    """One task per card and expiry; whether there is anything to warn of is looked at when it is due."""
    if card.warn_at and card.warning != "expired":
        payload = {"card": card.id, "expiry": card.expiry}
        tasks.record("warn_card_expiring", f"{card.public_id}:{card.expiry}", payload, run_at=card.warn_at)
