"""Verbs on invitations: ask somebody, ask again, withdraw, accept."""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from app.audit import service as audit
from app.auth import service as auth
from app.auth import tokens
from app.auth.models import User
from app.core import clock, i18n, tasks
from app.core.errors import NotFound, PortalError
from app.core.extensions import db
from app.core.pages import public_url

from . import roles
from .models import Invitation, Membership, Organization, Role
from .service import lock

LIFE = timedelta(days=7)
MOST_PENDING = 50


class AlreadyMember(PortalError):
    status = 422
    code = "already_member"

    def __init__(self) -> None:
        super().__init__(_("This person already belongs to your organization."))


class TooManyInvitations(PortalError):
    status = 422
    code = "too_many_invitations"

    def __init__(self) -> None:
        super().__init__(_("Too many invitations are unanswered. Revoke some before you send more."))


class InvitationGone(PortalError):
    """Used, revoked, expired or never made: one answer for all, and the way to a new one."""

    status = 410
    code = "invitation_gone"

    def __init__(self) -> None:
        super().__init__(_("This invitation was already used, has expired or was withdrawn. Ask for a new one."))


class InvitedSomebodyElse(PortalError):
    status = 403
    code = "invited_somebody_else"

    def __init__(self) -> None:
        super().__init__(_("This invitation is for another email address than the one you are signed in with."))


def pending(organization: Organization) -> list[Invitation]:
    return list(db.session.scalars(Invitation.pending(organization)))


def invite(organization: Organization, inviter: User, email: str, role: Role) -> Invitation:
    """Ask `email` to join as `role`; whoever was asked before is asked again. Raises AlreadyMember, TooManyInvitations."""
    lock(organization)
    _refuse_member(organization, email)
    asked = pending(organization)
    invitation = next((known for known in asked if known.email == email), None)
    if invitation is None:
        if len(asked) >= MOST_PENDING:
            raise TooManyInvitations()
        invitation = Invitation(organization_id=organization.id, email=email, invited_by_id=inviter.id)
        db.session.add(invitation)
    invitation.role = role
    _send(invitation, organization, inviter)
    data = {"role": role}
    audit.write("invitation.created", invitation.public_id, organization_id=organization.id, data=data)
    return invitation


def resend(organization: Organization, inviter: User, public_id: str) -> Invitation:
    """A new link and a new week; the former link ends. Raises NotFound."""
    lock(organization)
    invitation = _get(organization, public_id)
    _send(invitation, organization, inviter)
    return invitation


def revoke(organization: Organization, public_id: str) -> Invitation:
    """Withdraw it; the mailed link stops working. Raises NotFound."""
    lock(organization)
    invitation = _get(organization, public_id)
    invitation.revoked_at = clock.wall()
    audit.write("invitation.revoked", invitation.public_id, organization_id=organization.id)
    return invitation


def find(token: str) -> tuple[Invitation, Organization]:
    """The open invitation of a mailed link and where it leads. Raises InvitationGone."""
    both = select(Invitation, Organization).join(Organization, Organization.id == Invitation.organization_id)
    found = db.session.execute(both.where(Invitation.token_hash == tokens.digest(token))).first()
    if found is None or not found[0].is_open:
        raise InvitationGone()
    return found


def accept(invitation: Invitation, organization: Organization, user: User) -> None:
    """Make `user` a member. Raises InvitedSomebodyElse, or InvitationGone when another tab was first."""
    if user.email != invitation.email:
        raise InvitedSomebodyElse()
    lock(organization)
    db.session.refresh(invitation)
    if not invitation.is_open:
        raise InvitationGone()
    invitation.accepted_at = clock.wall()
    auth.confirm_address(user)  # the link reached them there
    mine = Membership.organization_id == organization.id, Membership.user_id == user.id
    if db.session.scalar(select(Membership.id).where(*mine)) is None:
        db.session.add(Membership(organization_id=organization.id, user_id=user.id, role=invitation.role))
    data = {"role": invitation.role, "user": user.public_id}
    audit.write(
        "invitation.accepted", invitation.public_id, organization_id=organization.id, user_id=user.id, data=data
    )


def _get(organization: Organization, public_id: str) -> Invitation:
    found = next((asked for asked in pending(organization) if asked.public_id == public_id), None)
    if found is None:
        raise NotFound()
    return found


def _refuse_member(organization: Organization, email: str) -> None:
    known = select(User.id).join(Membership, Membership.user_id == User.id)
    if db.session.scalar(known.where(Membership.organization_id == organization.id, User.email == email)) is not None:
        raise AlreadyMember()


def _send(invitation: Invitation, organization: Organization, inviter: User) -> None:
    """A new token, a new week, and the mail that carries them."""
    token = tokens.new()
    invitation.token_hash, invitation.expires_at = tokens.digest(token), clock.wall() + LIFE
    db.session.flush()
    context = {
        "organization": organization.name,
        "inviter": inviter.name,
        "email": invitation.email,
        "role": str(roles.INVITED_AS[invitation.role]),
        "expires": i18n.moment(invitation.expires_at),
        "url": public_url("invitations.show", token=token),
    }
    key = f"invitation:{invitation.public_id}:{invitation.token_hash.hex()[:16]}"
    stale_at = (clock.now() + LIFE).isoformat()
    mail = {"template": "invitation", "to": [invitation.email], "context": context, "stale_at": stale_at}
    tasks.record("send_mail", key, mail, queue="mail")
