"""A key: what a program of an organization shows instead of signing in."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, Select, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, load_only, mapped_column

from app.auth.models import User
from app.core import clock
from app.core.extensions import Model
from app.core.ids import factory
from app.organizations.models import Organization

SEEN_EVERY = timedelta(minutes=1)


class ApiKey(Model):
    """The row has the secret's SHA-256 and enough of its letters to tell it from others. Instants are machine time."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("organization_id", "form_token"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=factory("key"))
    organization_id: Mapped[int] = mapped_column(ForeignKey(Organization.id, ondelete="CASCADE"))
    name: Mapped[str]
    scopes: Mapped[list[Any]]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    shown_as: Mapped[str]
    form_token: Mapped[str | None]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=clock.wall)
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None

    @property
    def is_seen(self) -> bool:
        """Its last use was noted within the last minute."""
        return self.last_used_at is not None and self.last_used_at >= clock.wall() - SEEN_EVERY

    @classmethod
    def of(cls, organization: Organization) -> "Select[ApiKey, User | None]":
        """The organization's keys with who made them, newest first; the revoked ones last."""
        found = select(cls, User).outerjoin(User, User.id == cls.created_by_id)
        return found.where(cls.organization_id == organization.id).order_by(cls.revoked_at.is_not(None), cls.id.desc())

    @classmethod
    @cache
    def standing(cls) -> "Select[ApiKey, Organization]":
        """The key of a secret, bound to `secret_hash`, with its organization, unless it was revoked.

        Made once and of the columns a request needs: it is asked before every call of the API.
        """
        found = select(cls, Organization).join(Organization, Organization.id == cls.organization_id)
        found = found.options(load_only(cls.public_id, cls.scopes, cls.last_used_at, raiseload=True))
        return found.where(cls.secret_hash == bindparam("secret_hash"), cls.revoked_at.is_(None))
