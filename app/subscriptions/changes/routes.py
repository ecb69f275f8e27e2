"""Door 1: the sheet of a change of plan, its confirmation, and the way back from one that has not come yet."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalog import service as catalog
from app.catalog.tree import Plan, Price
from app.core import i18n
from app.core.errors import NotFound, PortalError
from app.core.extensions import limiter
from app.core.pages import render
from app.organizations.context import current_organization
from app.organizations.guards import may
from app.organizations.models import Role
from app.subscriptions import seats, service
from app.subscriptions.context import remember
from app.subscriptions.forms import ChangeForm, TakeBackForm
from app.subscriptions.models import Subscription

from . import change, change_back, obstacles
from .sheet import Sheet, Shown, Way

bp = Blueprint("subscription_change", __name__, url_prefix="/subscription/change")


class IncompleteForm(PortalError):
    status = 422
    code = "form_incomplete"

    def __init__(self) -> None:
        super().__init__(_("This form is incomplete. Open the change once more from your plans; nothing was changed."))


@bp.get("/<public_id>")
@may(Role.BILLING)
def show(public_id: str) -> ResponseReturnValue:
    """What the change does, to the cent; nothing changes by looking."""
    price = _price(public_id)
    typed = request.args.get("quantity")
    renewed = _("The amounts were renewed after five minutes.") if "renewed" in request.args else ""
    try:
        return _sheet(price, _count(price, typed), changed=renewed)
    except seats.SeatsOutOfRange as error:
        return _sheet(price, None, error.status, typed=typed or "", seats_error=str(error))
    except service.SubscriptionNotFound:
        return redirect(url_for("checkout.show", public_id=public_id))


def _price(public_id: str) -> Price:
    """For sale or not: whoever has it may keep it. Raises NotFound."""
    price = catalog.current().price(public_id)
    if price is None:
        raise NotFound()
    return price


def _plan(price: Price) -> Plan:
    plan = catalog.current().plan(price.plan_key)
    assert plan is not None, "a price has a plan"
    return plan


def _count(price: Price, typed: str | None) -> int | None:
    return None if typed is None else seats.typed(_plan(price), typed)


def _sheet(
    price: Price, quantity: int | None, status: int = 200, *, typed: str = "", seats_error: str = "", changed: str = ""
) -> tuple[str, int]:
    try:
        sheet = change.preview(current_organization, price, quantity)
    except obstacles.CannotChange as error:
        return _refused(price, error, typed, seats_error)
    remember(sheet.subscription)
    context = _seats(sheet.plan, typed or str(sheet.quantity), seats_error) | {"sheet": sheet, "form": _form(sheet)}
    return render("subscriptions/change.html", "subscriptions/_sheet.html", changed=changed, **context), status


def _form(sheet: Sheet) -> ChangeForm:
    shown = sheet.shown
    return ChangeForm(
        formdata=None,
        quantity=str(sheet.quantity),
        way=str(shown.way),
        at=str(int(shown.at.timestamp())),
        due=str(shown.due),
        renewal="" if shown.renewal is None else str(shown.renewal),
    )


def _seats(plan: Plan, typed: str, error: str) -> dict[str, Any]:
    bounds = seats.bounds(plan) if seats.has_seats(plan) else None
    return {"bounds": bounds, "typed": typed, "seats_error": error}


def _refused(price: Price, error: obstacles.CannotChange, typed: str = "", seats_error: str = "") -> tuple[str, int]:
    """Why not, and the next step; whoever has this plan with seats may ask for another number of them."""
    plan, subscription = _plan(price), service.latest(current_organization)
    context: dict[str, Any] = {"price": price, "plan": plan, "error": error, "subscription": subscription}
    if error.obstacle is obstacles.Obstacle.CURRENT and subscription is not None and seats.has_seats(plan):
        context |= _seats(plan, typed or str(subscription.quantity), seats_error)
        return render("subscriptions/change_seats.html", **context), 422 if seats_error else 200
    return render("subscriptions/change_refused.html", form=TakeBackForm(formdata=None), **context), error.status


@bp.post("/<public_id>")
@limiter.limit("60/hour", key_func=lambda: current_organization.public_id if current_organization else "nobody")
@may(Role.BILLING)
def confirm(public_id: str) -> ResponseReturnValue:
    price, form = _price(public_id), ChangeForm()
    if not form.validate_on_submit():
        raise IncompleteForm()
    quantity = _count(price, form.quantity.data) or 1
    try:
        subscription = change.confirm(current_organization, price, quantity, _shown(form), form.token.data)
    except change.SheetOutdated as error:
        return _sheet(price, quantity, error.status, changed=str(error))
    except change.PeriodOver as error:
        flash(str(error), "warning")
        return redirect(url_for(".show", public_id=public_id, quantity=quantity), 303)
    except obstacles.CannotChange as error:
        return _refused(price, error)
    return _done(subscription, price, quantity)


def _shown(form: ChangeForm) -> Shown:
    renewal = int(form.renewal.data) if form.renewal.data else None
    at = datetime.fromtimestamp(int(form.at.data), UTC)
    return Shown(Way(form.way.data), at, int(form.due.data), renewal)


def _done(subscription: Subscription, price: Price, quantity: int) -> ResponseReturnValue:
    name = _plan(price).name
    if subscription.is_waiting:
        old = subscription.price.plan.name
        text = _(
            "Nothing has changed yet: your change takes effect once this is paid. Until then you keep %(old)s.", old=old
        )
        flash(text, "warning")
        return redirect(url_for("pay.by_stripe_id", stripe_id=subscription.latest_invoice), 303)
    if subscription.scheduled_at and subscription.scheduled_price_id == price.id:
        flash(
            _("Your plan changes to %(plan)s on %(date)s.", plan=name, date=i18n.day(subscription.scheduled_at)),
            "success",
        )
    elif (subscription.price_id, subscription.quantity) == (price.id, quantity):
        flash(_("You have %(plan)s now.", plan=name), "success")
    return redirect(url_for("subscriptions.show"), 303)


@bp.post("")
@may(Role.BILLING)
def take_back() -> ResponseReturnValue:
    """Undo what is scheduled or discard what waits: plain forms cannot send DELETE, so a field says it."""
    if request.form.get("_method") != "DELETE":
        raise IncompleteForm()
    return _take_back()


@bp.delete("")
@may(Role.BILLING)
def delete() -> ResponseReturnValue:
    return _take_back()


def _take_back() -> ResponseReturnValue:
    form = TakeBackForm()
    if not form.validate_on_submit():
        raise IncompleteForm()
    if form.change.data == "scheduled":
        subscription = change_back.undo(current_organization, form.token.data)
        flash(_("The scheduled change is undone. You keep %(plan)s.", plan=subscription.price.plan.name), "success")
        return redirect(url_for("subscriptions.show"), 303)
    subscription = change_back.discard(current_organization, form.token.data, form.wanted)
    name = subscription.price.plan.name
    if change_back.has(subscription, form.wanted):
        flash(_("It was paid in the meantime: you have %(plan)s now.", plan=name), "info")
    else:
        flash(_("The change is discarded and nothing is due for it. You keep %(plan)s.", plan=name), "success")
    return redirect(url_for("subscriptions.show"), 303)
