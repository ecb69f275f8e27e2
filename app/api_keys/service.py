"""Verbs on keys: make one, list, revoke, recognise."""

from collections.abc import Collection

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import func, select, update

from app.audit import service as audit
from app.audit.context import actor
from app.auth import tokens
from app.auth.models import User
from app.core import clock
from app.core.errors import NotFound, PortalError
from app.core.extensions import db
from app.core.transactions import apart
from app.organizations.models import Organization
from app.organizations.service import lock

from . import notices
from .models import ApiKey

MOST_KEYS = 20
MOST_LISTED = 50
SHOWN_LETTERS = 4


class TooManyKeys(PortalError):
    status = 422
    code = "too_many_keys"

    def __init__(self) -> None:
        super().__init__(_("An organization has at most %(most)d keys. Revoke one that nobody uses.", most=MOST_KEYS))


class AlreadyCreated(PortalError):
    """The form came twice; the secret was in the first answer and cannot be shown again."""

    status = 409
    code = "key_already_created"

    def __init__(self) -> None:
        super().__init__(
            _("This key was created already and shown once. If nobody noted it, revoke it and create another.")
        )


def create(
    organization: Organization, name: str, scopes: Collection[str], *, form_token: str | None = None
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is kept nowhere. A form creates one key, named by its `form_token`.

    Raises TooManyKeys, AlreadyCreated.
    """
    lock(organization)
    if form_token is not None and _is_taken(organization, form_token):
        raise AlreadyCreated()
    standing = select(func.count()).where(ApiKey.organization_id == organization.id, ApiKey.revoked_at.is_(None))
    if db.session.scalars(standing).one() >= MOST_KEYS:
        raise TooManyKeys()
    secret = _prefix() + tokens.new()
    key = ApiKey(
        organization_id=organization.id,
        name=name,
        scopes=sorted(scopes),
        secret_hash=tokens.digest(secret),
        shown_as=f"{_prefix()}…{secret[-SHOWN_LETTERS:]}",
        form_token=form_token,
        created_by_id=actor().user_id,
    )
    db.session.add(key)
    db.session.flush()
    data = {"scopes": key.scopes}
    audit.write("api_key.created", key.public_id, organization_id=organization.id, data=data)
    notices.tell_created(organization, key)
    return key, secret


def keys(organization: Organization) -> list[tuple[ApiKey, User | None]]:
    """The organization's keys with who made them, newest first and revoked ones last; at most MOST_LISTED."""
    return [(key, user) for key, user in db.session.execute(ApiKey.of(organization).limit(MOST_LISTED))]


def get(organization: Organization, public_id: str) -> ApiKey:
    """A key that still works. Raises NotFound, also for another organization's."""
    mine = select(ApiKey).where(ApiKey.organization_id == organization.id, ApiKey.public_id == public_id)
    key = db.session.scalar(mine.where(ApiKey.revoked_at.is_(None))) if public_id.isprintable() else None
    if key is None:
        raise NotFound()
    return key


def revoke(organization: Organization, public_id: str) -> ApiKey:
    """From the next request on the key is refused. Raises NotFound."""
    lock(organization)
    key = get(organization, public_id)
    key.revoked_at = clock.wall()
    audit.write("api_key.revoked", key.public_id, organization_id=organization.id)
    notices.tell_revoked(organization, key)
    return key


def recognise(secret: str) -> tuple[ApiKey, Organization] | None:
    """The key of a secret with its organization, in one statement; notes at most once a minute that it is in use.

    None for a secret that nobody has, that was revoked, or that belongs to a portal of another mode: a copy of the
    database must not take the keys of the original.
    """
    if not secret.startswith(_prefix()):
        return None
    found = db.session.execute(ApiKey.standing(), {"secret_hash": tokens.digest(secret)}).first()
    if found is None:
        return None
    key, organization = found
    if not key.is_seen:
        with apart() as session:  # no row of a key stays locked while its request counts usage
            session.execute(update(ApiKey).where(ApiKey.id == key.id).values(last_used_at=clock.wall()))
    return key, organization


def _prefix() -> str:
    """Tells a person, and scanners for leaked secrets, whose key it is and whether it moves real money."""
    return f"cf_{current_app.extensions['settings'].stripe_mode}_"


def _is_taken(organization: Organization, form_token: str) -> bool:
    mine = ApiKey.organization_id == organization.id, ApiKey.form_token == form_token
    return db.session.scalar(select(ApiKey.id).where(*mine)) is not None
