"""Door 1: subscribing again after the end."""

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
from app.subscriptions.forms import AmountForm

from . import offers, resubscribe

bp = Blueprint("resubscription", __name__, url_prefix="/subscription/again")


@bp.get("")
@may(Role.BILLING)
def show() -> ResponseReturnValue:
    """What coming back costs today."""
    try:
        return _page()
    except resubscribe.NothingEnded:
        return redirect(url_for("catalog.plans"))
    except offers.AlreadySubscribed:
        return redirect(url_for("subscriptions.show"))


@bp.post("")
@limiter.limit("30/hour", key_func=lambda: current_organization.public_id if current_organization else "nobody")
@may(Role.BILLING)
def pay() -> ResponseReturnValue:
    form = AmountForm()
    if not form.validate_on_submit():
        return redirect(url_for(".show"))
    try:
        outcome = resubscribe.again(current_organization, shown=int(form.amount.data), token=form.token.data)
    except offers.AlreadySubscribed:
        return redirect(url_for("subscriptions.show"), 303)
    except (PaymentDeclined, AmountChanged, resubscribe.NoCard, resubscribe.NoLongerSold) as error:
        abandon()
        return _page(error), error.status
    if outcome.waits_for:
        return redirect(url_for("pay.by_stripe_id", stripe_id=outcome.waits_for), 303)
    plan, until = outcome.subscription.price.plan.name, outcome.subscription.current_period_end
    flash(_("Welcome back. %(plan)s is active until %(date)s.", plan=plan, date=i18n.day(until)), "success")
    return redirect(url_for("subscriptions.show"), 303)


def _page(problem: PortalError | None = None) -> str:
    wanted = resubscribe.of(current_organization)
    form = AmountForm(formdata=None, amount=wanted.due.amount if wanted.due else None)
    return render("subscriptions/resubscribe.html", wanted=wanted, form=form, problem=problem)
