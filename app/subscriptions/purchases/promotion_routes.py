"""Door 1: a promotion code on a running subscription, and letting a discount go."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.errors import PortalError
from app.core.extensions import limiter
from app.core.pages import render
from app.core.transactions import abandon
from app.organizations.context import current_organization
from app.organizations.guards import may
from app.organizations.models import Role
from app.promotions import guards
from app.promotions.refusals import CodeRefused
from app.subscriptions.forms import AmountForm, CodeForm

from . import promotion
from .promotion import Sheet

bp = Blueprint("subscription_promotion", __name__, url_prefix="/subscription")

LOOKS = "60/minute"
"""Each look asks Stripe."""


def _whose() -> str:
    return str(current_organization.public_id) if current_organization else "nobody"


@bp.get("/promotion-code")
@limiter.limit(LOOKS, key_func=_whose)
@guards.limited
@may(Role.BILLING)
def show() -> ResponseReturnValue:
    """What a code would do to the next charge; without one the page asks for it."""
    typed = request.args.get(guards.FIELD, "").strip()
    return _page(typed) if typed else render("subscriptions/promotion_code.html", sheet=None, typed="", problem="")


@bp.post("/promotion-code")
@limiter.limit("30/hour", key_func=_whose)
@guards.limited
@may(Role.BILLING)
def apply() -> ResponseReturnValue:
    form = CodeForm()
    if not form.validate_on_submit():
        return _page(
            form.promotion_code.data or "", _("This form was incomplete. Look once more; nothing was changed.")
        )
    code, shown = form.promotion_code.data, int(form.amount.data)
    try:
        with guards.counted():
            promotion.apply(current_organization, code, shown=shown, token=form.token.data)
    except (CodeRefused, promotion.ChargeChanged) as error:
        abandon()
        return _page(code, str(error))
    flash(_("The promotion code is applied from the next charge on."), "success")
    return redirect(url_for("subscriptions.show"), 303)


def _page(code: str, problem: str = "") -> ResponseReturnValue:
    """The sheet of this code with its amounts of now, or why there is none; `problem` is what went wrong before."""
    try:
        with guards.counted():
            sheet = promotion.preview(current_organization, code)
    except CodeRefused as error:
        abandon()
        return render("subscriptions/promotion_code.html", sheet=None, typed=code, problem=str(error)), error.status
    page = render("subscriptions/promotion_code.html", sheet=sheet, typed=code, problem=problem, form=_form(sheet))
    return page, 409 if problem else 200


def _form(sheet: Sheet) -> CodeForm:
    return CodeForm(formdata=None, promotion_code=sheet.promotion.code, amount=str(sheet.next.amount))


@bp.get("/discounts/<discount>")
@limiter.limit(LOOKS, key_func=_whose)
@may(Role.BILLING)
def removal(discount: str) -> ResponseReturnValue:
    """What the next charge is without the discount; nothing changes by looking."""
    return _removal(discount)


@bp.post("/discounts/<discount>")
@limiter.limit("30/hour", key_func=_whose)
@may(Role.BILLING)
def remove(discount: str) -> ResponseReturnValue:
    """Let it go; plain forms cannot send DELETE."""
    form = AmountForm()
    if not form.validate_on_submit():
        raise PortalError(_("This form was incomplete. Look once more; nothing was changed."))
    try:
        promotion.remove(current_organization, discount, shown=int(form.amount.data), token=form.token.data)
    except promotion.ChargeChanged as error:
        abandon()
        return _removal(discount, str(error)), error.status
    flash(_("The discount is gone; nothing of it is taken off from the next charge on."), "success")
    return redirect(url_for("subscriptions.show"), 303)


def _removal(discount: str, problem: str = "") -> str:
    sheet = promotion.preview_removal(current_organization, discount)
    form = AmountForm(formdata=None, amount=str(sheet.next.amount))
    return render("subscriptions/discount_removal.html", sheet=sheet, form=form, problem=problem)
