"""What somebody who is about to pay an invoice is shown: the amount, and the cards there are for it."""

from dataclasses import dataclass

from flask_babel import gettext as _

from app.core.errors import PortalError
from app.core.money import Money
from app.gateway import payment_methods
from app.gateway.errors import GatewayNotFound
from app.gateway.invoice_payments import PaymentState
from app.gateway.payment_methods import PaymentMethodRecord
from app.organizations.models import Organization

from . import paying, wording
from .models import Invoice


class NoCardOffered(PortalError):
    """A link's page names no saved card, so none may be charged by it."""

    status = 409
    code = "no_card_offered"

    def __init__(self) -> None:
        super().__init__(_("This page offers no saved card. Nothing was charged; pay with a card you enter here."))


@dataclass(frozen=True)
class Offer:
    """`cards` are saved ones; none when nothing is due."""

    state: PaymentState
    cards: list[PaymentMethodRecord]

    @property
    def is_due(self) -> bool:
        return self.state.is_owed and not self.state.is_processing

    @property
    def is_paid(self) -> bool:
        return self.state.status == "paid"

    @property
    def due(self) -> Money:
        return Money(self.state.remaining, self.state.currency)

    @property
    def chosen(self) -> str | None:
        """The card under way, or else the one Stripe would charge, or else the first; not one that was just refused."""
        known = [card.stripe_id for card in self.cards]
        first = self.state.card if self.state.card in known else next(iter(known), None)
        if not self.refusal or (self.refused or first) != first:
            return first
        return next((card for card in known if card != first), first)

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(card.stripe_id, self._said(card)) for card in self.cards]

    def _said(self, card: PaymentMethodRecord) -> str:
        is_declined = self.refusal and not self.state.asks_owner and card.stripe_id == self.refused
        return str(_("%(card)s, declined last time", card=label(card))) if is_declined else label(card)

    @property
    def refusal(self) -> str:
        """Why the last attempt failed, "" when there was none or the bank only waits for an answer."""
        intent = self.state.intent
        return intent.error or "" if intent and self.is_due and not self.state.needs_confirmation else ""

    @property
    def refused(self) -> str | None:
        """The card that was."""
        return self.state.intent.refused if self.state.intent else None

    @property
    def is_card_of_plan(self) -> bool:
        """What was paid with is what the payments to come are charged to."""
        intent = self.state.intent
        is_plan = self.is_paid and self.state.subscription is not None
        return is_plan and intent is not None and intent.payment_method == self.state.default_card is not None

    @property
    def sentence(self) -> str:
        return paying.outcome_of(self.state).sentence


def label(card: PaymentMethodRecord) -> str:
    """Visa ending in 4242, expires 12/2040"""
    name = wording.card(card.brand, card.last4)
    if card.exp_month is None or card.exp_year is None:
        return name
    return str(_("%(card)s, expires %(date)s", card=name, date=f"{card.exp_month:02}/{card.exp_year}"))


def of(organization: Organization, invoice: Invoice, *, every_card: bool) -> Offer:
    """Asked of Stripe itself. Without `every_card` at most the one whose owner the bank asks for. Raises GatewayUnavailable."""
    state = paying.look(organization, invoice)
    offer = Offer(state, [])
    if not offer.is_due:
        return offer
    return Offer(state, payment_methods.of_customer(state.customer) if every_card else _the_one_asked_about(state))


def _the_one_asked_about(state: PaymentState) -> list[PaymentMethodRecord]:
    if not state.asks_owner or state.card is None:
        return []
    try:
        card = payment_methods.retrieve(state.card)
    except GatewayNotFound:
        return []
    return [card] if card.customer == state.customer else []
