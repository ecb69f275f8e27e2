"""The cards an organization has saved at Stripe, as far as people need to tell them apart."""

from datetime import datetime
from typing import Self

from sqlalchemy import ForeignKey, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import ids
from app.core.extensions import Model
from app.organizations.models import Organization


class PaymentMethod(Model):
    """Brand, last four and expiry; the number never reaches us."""

    __tablename__ = "payment_methods"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=ids.factory("pm"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    stripe_id: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    brand: Mapped[str]
    last4: Mapped[str]
    exp_month: Mapped[int | None]
    exp_year: Mapped[int | None]
    fingerprint: Mapped[str | None]
    is_default: Mapped[bool]
    synced_at: Mapped[datetime]

    @classmethod
    def of(cls, organization: Organization) -> "Select[Self]":
        return select(cls).where(cls.organization_id == organization.id).order_by(cls.is_default.desc(), cls.id)

    @property
    def label(self) -> str:
        """Visa •••• 4242"""
        return f"{self.brand.replace('_', ' ').title()} •••• {self.last4}" if self.last4 else self.type
