"""The book of recurring revenue: a line for each change of what a subscription brings in, or of its status."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core import ids
from app.core.extensions import Model


class Kind(StrEnum):
    """What a movement is to the revenue of one customer; `none` where only the status changed."""

    NEW = "new"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURN = "churn"
    REACTIVATION = "reactivation"
    NONE = "none"


class Movement(Model):
    """Append-only. What recurs is kept by the year, in minor units of `currency`, because a twelfth may not be whole.

    So the sum of `annual_amount` less `annual_before` up to an instant is what recurred then. `status` is Stripe's word,
    `status_before` "" for the first line; `at` is business time.
    """

    __tablename__ = "revenue_movements"
    __table_args__ = (
        Index("ix_revenue_movements_at", "at", "id"),
        Index("ix_revenue_movements_subscription", "subscription_id", "at", "id"),
        Index("ix_revenue_movements_organization", "organization_id", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("mov"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"))
    at: Mapped[datetime]
    currency: Mapped[str]
    status: Mapped[str]
    status_before: Mapped[str]
    annual_amount: Mapped[int]
    annual_before: Mapped[int]
    kind: Mapped[str]
