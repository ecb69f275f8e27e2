"""The door behind a mailed invitation: for a new person a short sign-up, for a known one a button."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import devices
from app.auth import service as auth
from app.auth.context import begin
from app.auth.models import User
from app.core.extensions import limiter

from . import invitations, roles
from .context import choose_organization
from .forms import JoinForm
from .models import Invitation, Organization

bp = Blueprint("invitations", __name__)


@bp.get("/invitations/<token>")
def show(token: str) -> ResponseReturnValue:
    invitation, organization = invitations.find(token)
    if not current_user.is_authenticated and auth.find(invitation.email) is None:
        return _page(invitation, organization, JoinForm())
    if current_user.is_authenticated and current_user.email != invitation.email:
        return _page(invitation, organization), invitations.InvitedSomebodyElse.status
    return _page(invitation, organization)


@bp.post("/invitations/<token>")
@limiter.limit("20/minute")
def accept(token: str) -> ResponseReturnValue:
    invitation, organization = invitations.find(token)
    if current_user.is_authenticated:
        return _join(invitation, organization, current_user)
    if auth.find(invitation.email) is not None:
        return redirect(url_for("auth.login", next=request.path), 303)
    form = JoinForm()
    if not form.validate_on_submit():
        return _page(invitation, organization, form), 422
    user = auth.sign_up(invitation.email, form.name.data, form.password.data, verified=True)
    begin(user)
    devices.remember(user.email)
    return _join(invitation, organization, user)


def _join(invitation: Invitation, organization: Organization, user: User) -> ResponseReturnValue:
    invitations.accept(invitation, organization, user)
    choose_organization(organization)
    flash(_("You now belong to %(organization)s.", organization=organization.name), "success")
    return redirect(url_for("overview.index"), 303)


def _page(invitation: Invitation, organization: Organization, form: JoinForm | None = None) -> str:
    return render_template(
        "organizations/invitation.html",
        invitation=invitation,
        organization=organization,
        role=roles.INVITED_AS[invitation.role],
        form=form,
    )
