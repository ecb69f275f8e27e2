"""Doors of organizations: sign up with one, make another, choose the one on show."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import devices
from app.auth import service as auth
from app.auth.context import begin
from app.auth.guards import login_required
from app.core.errors import NotFound
from app.core.extensions import limiter
from app.core.pages import go, safe_next
from app.core.transactions import commit

from . import service
from .context import choose_organization, my_organizations
from .forms import OrganizationForm, SignUpForm

bp = Blueprint("organizations", __name__)


@bp.route("/signup", methods=["GET", "POST"])
@limiter.limit("20/minute;300/hour", methods=["POST"])
def signup() -> ResponseReturnValue:
    """Create the person and their organization, and sign them in at once: most are on their way to a plan.

    That must look different for an address that is taken, so a patient stranger can learn which addresses have an
    account. What they get for it: a limit per IP address, no difference in time, one neutral sentence, and a mail to the
    owner. Holding everybody at "look into your mail" would hide it, and lose the customer who wanted to pay.
    """
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")), 303)
    form = SignUpForm()
    if not form.validate_on_submit():
        return _signup_page(form, 422 if form.is_submitted() else 200)
    try:
        user = auth.sign_up(form.email.data, form.name.data, form.password.data)
    except auth.EmailTaken as taken:
        auth.tell_owner(taken.user)
        commit()  # the page below answers an error, and the mail shall go out all the same
        form.email.errors = [_("This address cannot be used for a new account. If it is yours, sign in instead.")]
        return _signup_page(form, taken.status)
    organization = service.found(user, form.organization.data)
    begin(user)
    choose_organization(organization)
    devices.remember(user.email)
    return go(safe_next(request.args.get("next")))


def _signup_page(form: SignUpForm, status: int) -> tuple[str, int]:
    return render_template("organizations/signup.html", form=form, next=request.args.get("next")), status


@bp.route("/organizations/new", methods=["GET", "POST"])
@login_required
@limiter.limit("10/hour", methods=["POST"])
def new() -> ResponseReturnValue:
    """For whoever was removed from their last organization, or needs a second one."""
    form = OrganizationForm()
    if not form.validate_on_submit():
        return render_template("organizations/new.html", form=form), 422 if form.is_submitted() else 200
    choose_organization(service.found(current_user, form.organization.data))
    return redirect(url_for("overview.index"), 303)


@bp.post("/organizations/current")
@login_required
def choose() -> ResponseReturnValue:
    """The switcher in the rail."""
    wanted = request.form.get("organization")
    chosen = next((mine for mine in my_organizations() if mine.public_id == wanted), None)
    if chosen is None:
        raise NotFound()
    choose_organization(chosen)
    return go(url_for("overview.index"))
