"""Subscriptions of all customers."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.core.pages import render

from . import subscriptions
from .context import addresses, around
from .forms import SubscriptionFilterForm

bp = Blueprint("subscriptions", __name__, url_prefix="/subscriptions")


@bp.get("")
def index() -> ResponseReturnValue:
    form = SubscriptionFilterForm(request.args)
    filters = subscriptions.Filters(
        who=form.value("who"),
        state=form.value("state"),
        plan=form.value("plan"),
        currency=form.value("currency").lower(),
        on=form.day("on"),
        reason=form.value("reason"),
        first=form.day("first"),
        last=form.day("last"),
    )
    found = subscriptions.page(filters, form.order, **around())
    return render("admin/subscriptions/index.html", form=form, found=found, **addresses(found, form.kept()))
