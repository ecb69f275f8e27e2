"""Doors of the page of keys: everybody in the organization reads it, admins create and revoke."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.extensions import limiter
from app.core.pages import public_url
from app.organizations.context import current_organization
from app.organizations.guards import may, member_of_organization
from app.organizations.models import Role

from . import service
from .forms import KeyForm
from .scopes import NAMES

bp = Blueprint("api_keys", __name__, url_prefix="/settings/api-keys")


@bp.get("")
@member_of_organization
def index() -> str:
    return _page(KeyForm(formdata=None))


@bp.post("")
@may(Role.ADMIN)
@limiter.limit("30/hour", key_func=lambda: current_organization.public_id)
def create() -> ResponseReturnValue:
    """No redirect: the secret is in this answer and nowhere else."""
    form = KeyForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        key, secret = service.create(current_organization, form.name.data, form.scopes.data, form_token=form.token.data)
    except (service.TooManyKeys, service.AlreadyCreated) as error:
        return _page(KeyForm(formdata=None), problem=str(error)), error.status
    return render_template("api_keys/created.html", key=key, secret=secret, public_url=public_url), 201


@bp.get("/<public_id>/revocation")
@may(Role.ADMIN)
def revoke(public_id: str) -> str:
    """GET asks whether it is meant."""
    return render_template("api_keys/revoke.html", key=service.get(current_organization, public_id))


@bp.post("/<public_id>/revocation")
@may(Role.ADMIN)
def confirm_revocation(public_id: str) -> ResponseReturnValue:
    key = service.revoke(current_organization, public_id)
    flash(_("%(name)s was revoked. Whoever uses it is refused from now on.", name=key.name), "success")
    return redirect(url_for(".index"), 303)


def _page(form: KeyForm, problem: str | None = None) -> str:
    keys = service.keys(current_organization)
    return render_template("api_keys/index.html", keys=keys, form=form, scope_names=NAMES, problem=problem)
