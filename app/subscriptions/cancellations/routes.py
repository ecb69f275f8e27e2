"""Door 1: leaving in three screens, with a way back."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.errors import PortalError
from app.core.pages import refresh, render, wants_partial
from app.core.transactions import abandon, commit
from app.organizations.context import current_organization
from app.organizations.guards import may, member_of_organization
from app.organizations.models import Role
from app.subscriptions import ending, service, unused_time
from app.subscriptions.context import current_subscription
from app.subscriptions.forms import AmountForm, CancellationForm, DeedForm, EndNowForm, ReasonForm
from app.subscriptions.models import Subscription
from app.subscriptions.states import PortalState

from . import cancellation, retention
from .cancellation import Reason

bp = Blueprint("cancellation", __name__, url_prefix="/subscription")


@bp.get("/cancel")
@may(Role.BILLING)
def reason() -> ResponseReturnValue:
    """Screen 1: why."""
    subscription = current_subscription()
    if subscription is None or not subscription.is_running:
        return render("subscriptions/cancel_nothing.html", subscription=subscription)
    if subscription.is_canceling:
        return redirect(url_for(".done"))
    return render("subscriptions/cancel_reason.html", subscription=subscription, form=ReasonForm())


@bp.post("/cancel")
@may(Role.BILLING)
def confirm() -> ResponseReturnValue:
    """Screen 2: an offer that fits, when it ends and what remains; nothing has changed yet."""
    subscription = service.running(current_organization)
    if subscription.is_canceling:
        return redirect(url_for(".done"), 303)
    form = ReasonForm()
    if not form.validate_on_submit():
        return render("subscriptions/cancel_reason.html", subscription=subscription, form=form), 422
    return _sheet(subscription, Reason(form.feedback.data, form.comment.data or ""))


def _sheet(subscription: Subscription, why: Reason, problem: PortalError | None = None) -> str:
    end = ending.of(current_organization, subscription)
    given: dict[str, Any] = {"formdata": None, "feedback": why.feedback, "comment": why.comment}
    offer = retention.offer(current_organization, subscription, why.feedback)
    return render(
        "subscriptions/cancel_confirm.html",
        subscription=subscription,
        end=end,
        form=CancellationForm(**given, seen=end.seen),
        now_form=EndNowForm(**given, seen=end.at_once.seen) if end.at_once else None,
        offer=offer,
        offer_form=AmountForm(formdata=None, amount=offer.discount.next.amount) if offer and offer.discount else None,
        problem=problem,
        support_email=current_app.extensions["settings"].support_email,
    )


@bp.post("/cancellation")
@may(Role.BILLING)
def change() -> ResponseReturnValue:
    """Cancel, or take it back: plain forms cannot send DELETE, so a field says it."""
    return _keep() if request.form.get("_method") == "DELETE" else _cancel()


def _cancel() -> ResponseReturnValue:
    form = CancellationForm()
    if not form.validate_on_submit():
        return redirect(url_for(".reason"))
    why = Reason(form.feedback.data, form.comment.data or "")
    try:
        cancellation.cancel(current_organization, why, seen=form.seen.data or "", token=form.token.data)
    except cancellation.CannotCancel:  # the other tab was first; its answer is theirs, too
        abandon()
    except cancellation.EndMoved as error:
        return _look_again(why, error)
    return redirect(url_for(".done"), 303)


@bp.post("/cancellation/now")
@may(Role.BILLING)
def end_now() -> ResponseReturnValue:
    """The same without waiting for the end of what is paid, where the catalogue allows it."""
    form = EndNowForm()
    if not form.validate_on_submit():
        return redirect(url_for(".reason"))
    why = Reason(form.feedback.data, form.comment.data or "")
    try:
        cancellation.end_now(current_organization, why, seen=form.seen.data, token=form.token.data)
    except cancellation.EndMoved as error:
        return _look_again(why, error)
    return redirect(url_for(".done"), 303)


def _look_again(why: Reason, error: cancellation.EndMoved) -> ResponseReturnValue:
    """Screen 2 once more, as things are now; where nothing runs any more, the page that says so."""
    commit()  # what Stripe answered is so, whatever becomes of this page
    subscription = service.latest(current_organization)
    if subscription is None or not subscription.can_cancel:
        return redirect(url_for(".done"), 303)
    return _sheet(subscription, why, error), error.status


@bp.delete("/cancellation")
@may(Role.BILLING)
def withdraw() -> ResponseReturnValue:
    return _keep()


def _keep() -> ResponseReturnValue:
    form = DeedForm()
    if not form.validate_on_submit():
        raise PortalError(str(form.token.errors[0]))
    subscription = cancellation.keep(current_organization, token=form.token.data)
    if not wants_partial():
        flash(_("%(plan)s is kept; nothing ends.", plan=subscription.price.plan.name), "success")
    context = {"subscription": subscription, "form": DeedForm(formdata=None)}
    return refresh("subscriptions/_panel.html", url_for("subscriptions.show"), **context)


@bp.get("/cancellation")
@member_of_organization
def done() -> ResponseReturnValue:
    """Screen 3: done, with the undo; or the end itself, with the way back."""
    subscription = current_subscription()
    if subscription is not None and subscription.is_canceling:
        return render("subscriptions/canceled.html", subscription=subscription, form=DeedForm())
    if subscription is not None and subscription.portal_state == PortalState.ENDED:
        return render("subscriptions/ended.html", subscription=subscription, unused=unused_time.of(subscription))
    return redirect(url_for("subscriptions.show"))


@bp.post("/offer")
@may(Role.BILLING)
def accept() -> ResponseReturnValue:
    """Stay, for the discount that was shown."""
    form = AmountForm()
    if not form.validate_on_submit():
        return redirect(url_for(".reason"))
    retention.accept(current_organization, shown=int(form.amount.data), token=form.token.data)
    return redirect(url_for(".accepted"), 303)


@bp.get("/offer")
@member_of_organization
def accepted() -> ResponseReturnValue:
    offer = retention.latest(current_organization)
    if offer is None:
        return redirect(url_for("subscriptions.show"))
    return render("subscriptions/offer_accepted.html", offer=offer, subscription=current_subscription())
