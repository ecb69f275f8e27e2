"""Door 1: the subscription's page, and leaving it in three screens with a way back."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.core.errors import PortalError
from app.core.pages import render, wants_partial
from app.organizations.context import current_organization
from app.organizations.guards import may, member_of_organization
from app.organizations.models import Role

from . import cancellation, service
from .context import current_subscription
from .forms import CancellationForm, DeedForm, ReasonForm

bp = Blueprint("subscriptions", __name__, url_prefix="/subscription")


@bp.get("")
@member_of_organization
def show() -> ResponseReturnValue:
    subscription = current_subscription()
    return render("subscriptions/show.html", "subscriptions/_panel.html", subscription=subscription, form=DeedForm())


@bp.get("/cancel")
@may(Role.BILLING)
def cancel() -> ResponseReturnValue:
    """Screen 1: why."""
    subscription = service.running(current_organization)
    if subscription.is_canceling:
        return redirect(url_for(".canceled"))
    return render("subscriptions/cancel_reason.html", subscription=subscription, form=ReasonForm())


@bp.post("/cancel")
@may(Role.BILLING)
def confirm_cancellation() -> ResponseReturnValue:
    """Screen 2: when it ends and what remains; nothing has changed yet."""
    subscription = service.running(current_organization)
    reason = ReasonForm()
    if not reason.validate_on_submit():
        return render("subscriptions/cancel_reason.html", subscription=subscription, form=reason), 422
    form = CancellationForm(formdata=None, feedback=reason.feedback.data, comment=reason.comment.data)
    return render("subscriptions/cancel_confirm.html", subscription=subscription, form=form)


@bp.post("/cancellation")
@may(Role.BILLING)
def change_cancellation() -> ResponseReturnValue:
    """Cancel, or take it back: plain forms cannot send DELETE, so a field says it."""
    return _keep() if request.form.get("_method") == "DELETE" else _cancel()


def _cancel() -> ResponseReturnValue:
    form = CancellationForm()
    if not form.validate_on_submit():
        return redirect(url_for(".cancel"))
    cancellation.cancel(
        current_organization, feedback=form.feedback.data, comment=form.comment.data or "", token=form.token.data
    )
    return redirect(url_for(".canceled"), 303)


@bp.delete("/cancellation")
@may(Role.BILLING)
def withdraw_cancellation() -> ResponseReturnValue:
    return _keep()


def _keep() -> ResponseReturnValue:
    form = DeedForm()
    if not form.validate_on_submit():
        raise PortalError(str(form.token.errors[0]))
    subscription = cancellation.keep(current_organization, token=form.token.data)
    if wants_partial():
        return render("subscriptions/_panel.html", subscription=subscription, form=DeedForm(formdata=None))
    return redirect(url_for(".show"), 303)


@bp.get("/cancellation")
@member_of_organization
def canceled() -> ResponseReturnValue:
    """Screen 3: done, with the undo."""
    subscription = current_subscription()
    if subscription is None or not subscription.is_canceling:
        return redirect(url_for(".show"))
    return render("subscriptions/canceled.html", subscription=subscription, form=DeedForm())
