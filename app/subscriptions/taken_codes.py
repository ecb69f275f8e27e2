"""Which promotion codes an organization has taken: each works once for it, also after its discount is over or was removed."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.extensions import Model, db
from app.gateway.promotions import PromotionRecord
from app.organizations.models import Organization
from app.promotions.refusals import CodeRefused, Reason

from .models import Subscription


class TakenCode(Model):
    """A code in small letters, since Stripe tells no case apart; `taken_at` is business time."""

    __tablename__ = "taken_codes"

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(default=clock.now)


def remember(subscription: Subscription) -> None:
    """Keep what a subscription has, or began with; not of a start that was never paid."""
    if subscription.began_at is None:
        return
    codes = {subscription.promotion_code, *(one["code"] for one in subscription.discounts)} - {None, ""}
    rows = [
        {"organization_id": subscription.organization_id, "code": code.lower(), "taken_at": clock.now()}
        for code in sorted(filter(None, codes))
    ]
    if rows:
        db.session.execute(insert(TakenCode).values(rows).on_conflict_do_nothing())


def check(organization: Organization, promotion: PromotionRecord) -> None:
    """Whether the organization has yet to take this code. Raises CodeRefused."""
    if db.session.get(TakenCode, (organization.id, promotion.code.lower())) is not None:
        raise CodeRefused(Reason.TAKEN)
