"""The tenant, who belongs to it, who was asked to, and who is billed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Enum, ForeignKey, Index, LargeBinary, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.models import User
from app.core import clock
from app.core.extensions import Model
from app.core.ids import factory
from app.core.money import Money


class Role(StrEnum):
    """admin: everything · billing: plans, payments, invoices · member: may look."""

    ADMIN = "admin"
    BILLING = "billing"
    MEMBER = "member"


# Kept as text with a CHECK: PostgreSQL's own enums cannot lose a value again.
ROLE = Enum(Role, name="role", native_enum=False, create_constraint=True, values_callable=lambda roles: list(roles))


class Organization(Model):
    """One Stripe customer. `created_at` is business time: it anchors the monthly windows of the free plan.

    Name, address and purchase order are what Stripe prints on the next invoice, None where nobody has said; the credit is
    what it takes off first, in minor units. The further recipients of invoices, locale and time zone are ours alone.
    """

    __tablename__ = "organizations"
    __table_args__ = (Index("ix_organizations_name", "name", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=factory("org"))
    name: Mapped[str]
    stripe_customer_id: Mapped[str | None] = mapped_column(unique=True)
    locale: Mapped[str] = mapped_column(default="en_US")
    timezone: Mapped[str] = mapped_column(default="UTC")
    billing_name: Mapped[str | None]
    line1: Mapped[str | None]
    line2: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str | None]
    purchase_order: Mapped[str | None]
    invoice_recipients: Mapped[list[Any]] = mapped_column(default=list)
    credit_amount: Mapped[int] = mapped_column(default=0, server_default="0")
    credit_currency: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def credit(self) -> Money | None:
        """What the next invoices take off first; None without any."""
        return Money(self.credit_amount, self.credit_currency) if self.credit_currency else None


class Membership(Model):
    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("organization_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(ROLE)

    def may(self, *roles: Role) -> bool:
        """Has one of `roles`; an admin may do what the others may."""
        return self.role is Role.ADMIN or self.role in roles

    @property
    def can_manage_team(self) -> bool:
        return self.may(Role.ADMIN)

    @property
    def can_manage_billing(self) -> bool:
        return self.may(Role.BILLING)

    @classmethod
    def of(cls, organization: Organization) -> "Select[Membership, User]":
        """The organization's members in the order they came."""
        found = select(cls, User).join(User, User.id == cls.user_id)
        return found.where(cls.organization_id == organization.id).order_by(cls.id)


class Invitation(Model):
    """An address asked to join; the mailed link carries the token, the row its SHA-256. Instants are machine time."""

    __tablename__ = "invitations"
    __table_args__ = (
        # One open invitation per address: a second one is the first, sent again.
        Index(
            "uq_invitations_open",
            "organization_id",
            "email",
            unique=True,
            postgresql_where="accepted_at IS NULL AND revoked_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=factory("ivt"))
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    email: Mapped[str]
    role: Mapped[Role] = mapped_column(ROLE)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    invited_by_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    created_at: Mapped[datetime] = mapped_column(default=clock.wall)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= clock.wall()

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None and not self.is_expired

    @classmethod
    def pending(cls, organization: Organization) -> "Select[Invitation]":
        """Neither accepted nor revoked; an expired one is listed, so that it can be sent again."""
        unanswered = (cls.accepted_at.is_(None)) & (cls.revoked_at.is_(None))
        return select(cls).where(cls.organization_id == organization.id, unanswered).order_by(cls.id)


class Verification(StrEnum):
    """What the authority says: Stripe's four words, and two of ours: not yet sent to Stripe, not taken by Stripe."""

    WAITING = "waiting"
    REFUSED = "refused"
    PENDING = "pending"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    UNAVAILABLE = "unavailable"


class TaxId(Model):
    """A tax number; without `stripe_id` until the organization has a customer at Stripe."""

    __tablename__ = "tax_ids"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=factory("tax"))
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"), index=True)
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    type: Mapped[str]
    value: Mapped[str]
    verification: Mapped[str]

    @classmethod
    def of(cls, organization: Organization) -> "Select[TaxId]":
        """In the order they came."""
        return select(cls).where(cls.organization_id == organization.id).order_by(cls.id)
