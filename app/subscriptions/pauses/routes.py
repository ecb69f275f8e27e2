"""Door 1: a pause from the end of the paid period, taking it back, and coming back from it."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.errors import AmountChanged, PortalError
from app.core.pages import refresh, render, wants_partial
from app.gateway import previews
from app.organizations.context import current_organization
from app.organizations.guards import may
from app.organizations.models import Role
from app.subscriptions import service
from app.subscriptions.forms import DeedForm, PauseForm, ResumeForm
from app.subscriptions.models import Subscription
from app.subscriptions.states import Status

from . import pausing, resuming

bp = Blueprint("subscription_pause", __name__, url_prefix="/subscription")

MONTHS = (1, 2, 3)


@bp.get("/pause")
@may(Role.BILLING)
def show() -> ResponseReturnValue:
    """How long, from when, and what it means; nothing changes by looking."""
    subscription = service.running(current_organization)
    if not subscription.can_pause:
        raise pausing.CannotPause(subscription)
    return _sheet(subscription, _form(subscription, until="1"))


@bp.post("/pause")
@may(Role.BILLING)
def change() -> ResponseReturnValue:
    """Plan a pause, or take it back: plain forms cannot send DELETE, so a field says it."""
    return _withdraw() if request.form.get("_method") == "DELETE" else _plan()


def _plan() -> ResponseReturnValue:
    subscription = service.running(current_organization)
    form = _form(subscription)
    if not form.validate_on_submit():
        return _sheet(subscription, form), 422
    try:
        pausing.plan(current_organization, form.resume_on, form.token.data)
    except pausing.BadResumeDate as error:
        form.day.errors = [str(error)]
        return _sheet(subscription, form), 422
    flash(_("Your pause is planned. Until it begins you can take it back."), "success")
    return redirect(url_for("subscriptions.show"), 303)


def _withdraw() -> ResponseReturnValue:
    form = DeedForm()
    if not form.validate_on_submit():
        raise PortalError(str(form.token.errors[0]))
    subscription = pausing.withdraw(current_organization, form.token.data)
    if not wants_partial():
        flash(_("The pause is taken back; your plan goes on as before."), "success")
    context = {"subscription": subscription, "form": DeedForm(formdata=None)}
    return refresh("subscriptions/_panel.html", url_for("subscriptions.show"), **context)


def _form(subscription: Subscription, **given: object) -> PauseForm:
    days = {count: pausing.day_after(subscription, current_organization, count) for count in MONTHS}
    return PauseForm(days, **given)


def _sheet(subscription: Subscription, form: PauseForm) -> str:
    renewal = previews.recurring(
        str(current_organization.stripe_customer_id),
        subscription.stripe_id,
        item=str(subscription.item),
        price=subscription.price.stripe_price_id,
        quantity=subscription.quantity,
    )
    return render(
        "subscriptions/pause.html",
        subscription=subscription,
        form=form,
        renewal=renewal.money(renewal.amount_due),
        first=pausing.first_day(subscription, current_organization),
        last=pausing.last_day(subscription, current_organization),
    )


@bp.get("/resume")
@may(Role.BILLING)
def resume() -> ResponseReturnValue:
    """What coming back costs now; where there is no card yet, one is asked for."""
    subscription = service.running(current_organization)
    if subscription.is_trial_over and not subscription.default_payment_method:
        return redirect(url_for("continuation.show"))
    return _resumption()


@bp.post("/resume")
@may(Role.BILLING)
def confirm_resume() -> ResponseReturnValue:
    form = ResumeForm()
    if not form.validate_on_submit():
        return redirect(url_for(".resume"))
    try:
        subscription = resuming.resume(current_organization, shown=int(form.amount.data), token=form.token.data)
    except AmountChanged as error:
        return _resumption(str(error)), 409
    if subscription.status == Status.PAUSED and subscription.latest_invoice:
        return redirect(url_for("pay.by_stripe_id", stripe_id=subscription.latest_invoice), 303)
    flash(_("Welcome back: %(plan)s is active again.", plan=subscription.price.plan.name), "success")
    return redirect(url_for("subscriptions.show"), 303)


def _resumption(problem: str = "") -> str:
    subscription, preview = resuming.preview(current_organization)
    form = ResumeForm(formdata=None, amount=preview.amount_due)
    return render(
        "subscriptions/resume.html",
        subscription=subscription,
        due=preview.money(preview.amount_due),
        preview=preview,
        form=form,
        problem=problem,
    )
