"""Verbs on memberships: list, change a role, remove. An organization never loses its last admin."""

from flask_babel import gettext as _
from sqlalchemy import func, select

from app.audit import service as audit
from app.auth.models import User
from app.core.errors import NotFound, PortalError
from app.core.extensions import db

from .models import Membership, Organization, Role
from .service import lock


class LastAdmin(PortalError):
    status = 409
    code = "last_admin"

    def __init__(self) -> None:
        super().__init__(_("An organization needs an admin. Make somebody else an admin first."))


def members(organization: Organization) -> list[tuple[Membership, User]]:
    """Everybody in the organization, in the order they came."""
    return list(db.session.execute(Membership.of(organization)))


def member(organization: Organization, public_id: str) -> tuple[Membership, User]:
    """The member with this user's public id. Raises NotFound, also for somebody in another organization."""
    found = next((pair for pair in members(organization) if pair[1].public_id == public_id), None)
    if found is None:
        raise NotFound()
    return found


def only_admin(members: list[tuple[Membership, User]]) -> Membership | None:
    """The one membership that can neither be lowered nor ended now, or None when there are several admins."""
    admins = [membership for membership, _user in members if membership.role is Role.ADMIN]
    return admins[0] if len(admins) == 1 else None


def change_role(organization: Organization, public_id: str, role: Role) -> User:
    """Give a member another role from their next request on. Raises NotFound or LastAdmin."""
    lock(organization)
    membership, user = member(organization, public_id)
    former = membership.role
    if former is role:
        return user
    if former is Role.ADMIN:
        _keep_an_admin(organization)
    membership.role = role
    data = {"from": former, "to": role}
    audit.write("membership.role_changed", user.public_id, organization_id=organization.id, data=data)
    return user


def remove(organization: Organization, public_id: str) -> User:
    """End a membership, from the member's next request on. Raises NotFound or LastAdmin."""
    lock(organization)
    membership, user = member(organization, public_id)
    if membership.role is Role.ADMIN:
        _keep_an_admin(organization)
    db.session.delete(membership)
    data = {"role": membership.role}
    audit.write("membership.removed", user.public_id, organization_id=organization.id, data=data)
    return user


def _keep_an_admin(organization: Organization) -> None:
    """Called before one admin less; behind the lock, so two admins cannot demote each other at once."""
    admins = select(func.count()).where(Membership.organization_id == organization.id, Membership.role == Role.ADMIN)
    if db.session.scalar(admins) == 1:
        raise LastAdmin()
