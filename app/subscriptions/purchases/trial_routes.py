"""Door 1: the plan itself instead of a trial that may not begin, for who wants it."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core import i18n
from app.core.errors import AmountChanged, PortalError
from app.core.extensions import limiter
from app.core.pages import render
from app.core.transactions import abandon
from app.gateway.errors import PaymentDeclined
from app.organizations.context import current_organization
from app.organizations.guards import may
from app.organizations.models import Role
from app.subscriptions import service
from app.subscriptions.forms import AmountForm

from . import paid_start
from .offers import AlreadySubscribed

bp = Blueprint("paid_start", __name__, url_prefix="/checkout/return/<intent_id>/payment")


def _whose() -> str:
    return str(current_organization.public_id) if current_organization else "nobody"


@bp.get("")
@may(Role.BILLING)
def show(intent_id: str) -> ResponseReturnValue:
    """The card was used for a trial before: what starting at once costs; nothing happens by looking."""
    current = service.latest(current_organization)
    if current is not None and current.is_running:
        return redirect(url_for("subscriptions.show"))
    return _offer(intent_id)


@bp.post("")
@limiter.limit("30/hour", key_func=_whose)
@may(Role.BILLING)
def pay(intent_id: str) -> ResponseReturnValue:
    form = AmountForm()
    if not form.validate_on_submit():
        return redirect(url_for(".show", intent_id=intent_id), 303)
    try:
        outcome = paid_start.pay(current_organization, intent_id, shown=int(form.amount.data), token=form.token.data)
    except AlreadySubscribed:
        return redirect(url_for("subscriptions.show"), 303)
    except (AmountChanged, PaymentDeclined) as error:
        abandon()
        return _offer(intent_id, error), error.status
    if outcome.waits_for:
        return redirect(url_for("pay.by_stripe_id", stripe_id=outcome.waits_for), 303)
    plan, until = outcome.subscription.price.plan.name, i18n.day(outcome.subscription.current_period_end)
    flash(_("%(plan)s is active until %(date)s and renews by itself.", plan=plan, date=until), "success")
    return redirect(url_for("subscriptions.show"), 303)


def _offer(intent_id: str, problem: PortalError | None = None) -> str:
    wanted = paid_start.of(current_organization, intent_id)
    form = AmountForm(formdata=None, amount=wanted.due.amount)
    return render("subscriptions/paid_start.html", wanted=wanted, form=form, problem=problem)
