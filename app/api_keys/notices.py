"""Mails to the admins of an organization when a key is made or revoked: whoever has one acts in its name."""

from datetime import datetime

from app.audit.context import actor
from app.auth.models import User
from app.core import i18n, tasks
from app.core.extensions import db
from app.core.pages import public_url
from app.organizations import service as organizations
from app.organizations.models import Organization

from .models import ApiKey
from .scopes import NAMES


def tell_created(organization: Organization, key: ApiKey) -> None:
    """Record the mail about a new key: what it may do, who made it, and how to revoke it."""
    _tell("api_key_created", organization, key, key.created_at, public_url("api_keys.revoke", public_id=key.public_id))


def tell_revoked(organization: Organization, key: ApiKey) -> None:
    """Record the mail about a key that no longer works."""
    assert key.revoked_at is not None, "it was revoked"
    _tell("api_key_revoked", organization, key, key.revoked_at, public_url("api_keys.index"))


def _tell(template: str, organization: Organization, key: ApiKey, at: datetime, url: str) -> None:
    user_id = actor().user_id
    user = db.session.get(User, user_id) if user_id is not None else None
    with i18n.using(organization.locale, organization.timezone):
        context = {
            "organization": organization.name,
            "name": key.name,
            "shown_as": key.shown_as,
            "scopes": ", ".join(str(NAMES.get(scope, scope)) for scope in key.scopes),
            "who": f"{user.name}, {user.email}" if user else None,
            "at": i18n.moment(at),
            "url": url,
        }
    mail = {"template": template, "to": organizations.admin_emails(organization), "context": context}
    tasks.record("send_mail", f"{template}:{key.public_id}", mail, queue="mail")
