"""Which cards trials began with: one trial per card, whoever has it.

We keep Stripe's fingerprint, the same for a number wherever it is saved (https://docs.stripe.com/api/cards/object, fingerprint);
the number itself never reaches us.
"""

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import ForeignKey, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.errors import PortalError
from app.core.extensions import Model, db
from app.core.transactions import apart
from app.gateway import payment_methods
from app.organizations.models import Organization

from .models import Subscription


class TrialCardUsed(PortalError):
    """Another organization's trial began with this card; `card` is its label."""

    status = 409
    code = "trial_card_used"

    def __init__(self, card: str) -> None:
        super().__init__(_("This card has already been used for a trial. Nothing was charged."))
        self.card = card


class TrialCard(Model):
    """A card, by Stripe's fingerprint of its number, and whose trial began with it; `used_at` is business time."""

    __tablename__ = "trial_cards"

    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    used_at: Mapped[datetime] = mapped_column(default=clock.now)


def claim(organization: Organization, payment_method: str) -> None:
    """Let this organization's trial begin with a card, by its Stripe id. Raises TrialCardUsed.

    Written on a connection of its own before Stripe creates the trial, so that of two organizations with one card, at the
    same moment, one comes second. Whoever has the claim may try again.
    """
    card = payment_methods.retrieve(payment_method)
    if card.fingerprint is None:
        return  # not a card
    with apart() as session:
        session.execute(_insert(organization.id, card.fingerprint))
        owner = session.scalars(select(TrialCard.organization_id).filter_by(fingerprint=card.fingerprint)).one()
    if owner != organization.id:
        raise TrialCardUsed(card.label)


def remember(subscription_id: int, payment_method: str) -> None:
    """A card that came into a trial later counts as used from now on, unless it was used before."""
    organization_id = db.session.get_one(Subscription, subscription_id).organization_id
    fingerprint = payment_methods.retrieve(payment_method).fingerprint
    if fingerprint:
        db.session.execute(_insert(organization_id, fingerprint))


def _insert(organization_id: int, fingerprint: str) -> Insert:
    values = {"fingerprint": fingerprint, "organization_id": organization_id, "used_at": clock.now()}
    return insert(TrialCard).values(**values).on_conflict_do_nothing()
