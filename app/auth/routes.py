"""Doors of signing in and out, of forgotten passwords and of proving an address."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.core.extensions import limiter
from app.core.pages import go, safe_next

from . import backoff, context, devices, reset, service
from .forms import ForgotForm, NewPasswordForm, SignInForm
from .guards import login_required

bp = Blueprint("auth", __name__)


@bp.route("/login", methods=["GET", "POST"])
@limiter.limit("20/minute;200/hour", methods=["POST"], deduct_when=lambda response: response.status_code >= 400)
def login() -> ResponseReturnValue:
    """Only failed tries count for the limit: one address may be a whole office."""
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")), 303)
    form = SignInForm()
    if not form.validate_on_submit():
        return _login_page(form, 422 if form.is_submitted() else 200)
    try:
        user = service.sign_in(form.email.data, form.password.data, device=devices.known(form.email.data))
    except (service.WrongPassword, backoff.Closed) as error:
        form.password.errors = [str(error)]
        return _login_page(form, error.status)
    context.begin(user)
    devices.remember(user.email)
    return go(safe_next(request.args.get("next")))


def _login_page(form: SignInForm, status: int) -> tuple[str, int]:
    return render_template("auth/login.html", form=form, next=request.args.get("next")), status


@bp.post("/logout")
def logout() -> ResponseReturnValue:
    if current_user.is_authenticated:
        service.sign_out(current_user)
    context.end()
    answer = go(safe_next(request.form.get("next"), url_for("auth.login")))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'  # so that the Back button has nothing to show
    return answer


@bp.route("/password/forgot", methods=["GET", "POST"])
@limiter.limit("10/minute;60/hour", methods=["POST"])
def forgot() -> ResponseReturnValue:
    form = ForgotForm()
    if not form.validate_on_submit():
        return render_template("auth/forgot.html", form=form), 422 if form.is_submitted() else 200
    reset.ask(form.email.data)
    return redirect(url_for(".forgot_sent"), 303)


@bp.get("/password/forgot/sent")
def forgot_sent() -> str:
    """The same for every address, with or without an account."""
    return render_template("auth/forgot_sent.html")


@bp.route("/password/reset/<token>", methods=["GET", "POST"])
@limiter.limit("20/minute", methods=["POST"])
def reset_password(token: str) -> ResponseReturnValue:
    user = reset.holder(token)
    if user is None:
        return render_template("auth/reset_gone.html"), 400
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return render_template("auth/reset.html", form=form, email=user.email), 422 if form.is_submitted() else 200
    reset.finish(user, form.password.data)
    context.end()
    flash(_("Your password was changed. Sign in with the new one."), "success")
    return redirect(url_for(".login"), 303)


@bp.route("/verify/<token>", methods=["GET", "POST"])
def verify(token: str) -> ResponseReturnValue:
    """A page with one button: programs that look at links in mails must not confirm anything by it."""
    user = service.verify(token)
    if user is None:
        return render_template("auth/verify_gone.html"), 400
    if request.method == "GET" and not user.is_verified:
        return render_template("auth/verify.html", email=user.email)
    service.confirm_address(user)
    flash(_("Your email address is confirmed."), "success")
    return redirect(safe_next(None), 303)


@bp.post("/verification")
@login_required
@limiter.limit("5/minute")
def send_verification() -> ResponseReturnValue:
    """The quiet notice's "Send again"."""
    if not current_user.is_verified:
        service.ask_to_verify(current_user)
        flash(_("We sent a link to %(email)s. It can take a minute to arrive.", email=current_user.email), "info")
    return redirect(safe_next(request.form.get("next")), 303)
