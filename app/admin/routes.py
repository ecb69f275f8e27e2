"""The entrance of the staff area."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.auth import backoff, devices, service
from app.auth.context import current_session
from app.core import clock
from app.core.extensions import limiter
from app.core.pages import go, safe_next

from .forms import PasswordForm
from .guards import FRESH, is_fresh

bp = Blueprint("home", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("20/minute;200/hour", methods=["POST"], deduct_when=lambda response: response.status_code >= 400)
def sign_in() -> ResponseReturnValue:
    """The password once more, counted like every try to sign in; the session stays the same one."""
    back = safe_next(request.args.get("next"), url_for("admin.revenue.index"))
    if request.method == "GET" and is_fresh():
        return redirect(back)
    form = PasswordForm()
    if not form.validate_on_submit():
        return _page(form, 422 if form.is_submitted() else 200)
    try:
        service.sign_in(current_user.email, form.password.data, device=devices.known(current_user.email))
    except (service.WrongPassword, backoff.Closed) as error:
        form.password.errors = [str(error)]
        return _page(form, error.status)
    session = current_session()
    assert session is not None, "the guard let a signed-in person in"
    session.fresh_at = clock.wall()
    return go(back)


def _page(form: PasswordForm, status: int) -> tuple[str, int]:
    minutes = int(FRESH.total_seconds() // 60)
    return render_template("admin/sign_in.html", form=form, minutes=minutes), status
