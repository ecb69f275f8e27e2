"""Doors of the team page: everybody in the organization reads it, admins change it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.core.extensions import limiter

from . import invitations, roles, team
from .context import current_organization
from .forms import InviteForm, RoleForm
from .guards import may, member_of_organization
from .models import Role

bp = Blueprint("team", __name__, url_prefix="/settings/team")


@bp.get("")
@member_of_organization
def index() -> str:
    return _page(InviteForm(formdata=None))


@bp.post("/invitations")
@may(Role.ADMIN)
@limiter.limit("30/hour", key_func=lambda: current_organization.public_id)
def invite() -> ResponseReturnValue:
    form = InviteForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        invitation = invitations.invite(current_organization, current_user, form.email.data, Role(form.role.data))
    except (invitations.AlreadyMember, invitations.TooManyInvitations) as error:
        form.email.errors = [str(error)]
        return _page(form), error.status
    return _back(_("We sent an invitation to %(email)s.", email=invitation.email))


@bp.post("/invitations/<public_id>/delivery")
@may(Role.ADMIN)
@limiter.limit("30/hour", key_func=lambda: current_organization.public_id)
def resend(public_id: str) -> ResponseReturnValue:
    invitation = invitations.resend(current_organization, current_user, public_id)
    return _back(_("We sent a new link to %(email)s. The former one no longer works.", email=invitation.email))


@bp.post("/invitations/<public_id>/revocation")
@may(Role.ADMIN)
def revoke(public_id: str) -> ResponseReturnValue:
    invitation = invitations.revoke(current_organization, public_id)
    return _back(_("The invitation of %(email)s was revoked.", email=invitation.email))


@bp.post("/members/<public_id>/role")
@may(Role.ADMIN)
def change_role(public_id: str) -> ResponseReturnValue:
    form = RoleForm()
    if not form.validate_on_submit():
        return _page(InviteForm(formdata=None), problem=_("Choose one of the roles.")), 422
    try:
        user = team.change_role(current_organization, public_id, Role(form.role.data))
    except team.LastAdmin as error:
        return _page(InviteForm(formdata=None), problem=str(error)), error.status
    return _back(_("%(name)s is now: %(role)s.", name=user.name, role=roles.NAMES[Role(form.role.data)]))


@bp.get("/members/<public_id>/removal")
@may(Role.ADMIN)
def remove(public_id: str) -> ResponseReturnValue:
    """GET asks whether it is meant; no script needed for a second thought."""
    _membership, user = team.member(current_organization, public_id)
    return render_template("organizations/remove_member.html", member=user)


@bp.post("/members/<public_id>/removal")
@may(Role.ADMIN)
def confirm_removal(public_id: str) -> ResponseReturnValue:
    try:
        user = team.remove(current_organization, public_id)
    except team.LastAdmin as error:
        return _page(InviteForm(formdata=None), problem=str(error)), error.status
    return _back(
        _("%(name)s no longer belongs to %(organization)s.", name=user.name, organization=current_organization.name)
    )


def _back(message: str) -> ResponseReturnValue:
    flash(message, "success")
    return redirect(url_for("team.index"), 303)


def _page(form: InviteForm, problem: str | None = None) -> str:
    members = team.members(current_organization)
    return render_template(
        "organizations/team.html",
        members=members,
        only_admin=team.only_admin(members),
        invitations=invitations.pending(current_organization),
        form=form,
        role_names=roles.NAMES,
        problem=problem,
    )
