"""People, their sessions, and how often somebody failed to sign in as them. All instants are machine time."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, LargeBinary, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.extensions import Model
from app.core.ids import factory

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=14)
SEEN_EVERY = timedelta(minutes=1)


class User(Model):
    """A person. `email` is lower-case and ASCII (international domains as punycode), so equal addresses compare equal."""

    __tablename__ = "users"
    __table_args__ = (Index("ix_users_email_prefix", "email", postgresql_ops={"email": "text_pattern_ops"}),)
    """For the beginning of an address: the unique one answers that only where the database sorts by bytes."""

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True, default=factory("usr"))
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    email_verified_at: Mapped[datetime | None]
    is_staff: Mapped[bool] = mapped_column(default=False)
    # One column, so a new reset link ends the former one, and using it ends the last.
    reset_token_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    reset_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.wall)

    # What Flask-Login's `current_user` asks of a user.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_verified(self) -> bool:
        return self.email_verified_at is not None


class UserSession(Model):
    """A signed-in browser. The cookie holds a random token, the row only its SHA-256; deleting the row signs out."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    # The organization on show; no foreign key, because organizations is a room above. Membership is checked on use.
    organization_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.wall)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.wall)
    fresh_at: Mapped[datetime] = mapped_column(default=clock.wall)
    expires_at: Mapped[datetime]

    @classmethod
    def alive(cls, token_hash: bytes) -> "Select[UserSession, User]":
        """The session of a token with its user, unless it was idle or open for too long."""
        wall = clock.wall()
        found = select(cls, User).join(User, User.id == cls.user_id)
        return found.where(cls.token_hash == token_hash, cls.expires_at > wall, cls.last_seen_at > wall - IDLE)


class SignInFailures(Model):
    """Wrong passwords for one address, kept whether or not the address has an account: the answers must be alike."""

    __tablename__ = "sign_in_failures"

    account: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
    closed_until: Mapped[datetime]
