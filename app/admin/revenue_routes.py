"""The dashboard, and the movements its figures are made of."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.core.pages import render

from . import dashboard, movements
from .context import addresses, around
from .filters import PeriodForm
from .forms import MovementFilterForm

bp = Blueprint("revenue", __name__)


@bp.get("/")
def index() -> ResponseReturnValue:
    """A period that makes no sense is said so beside its days, which stay as they were typed."""
    form = PeriodForm(request.args)
    found = dashboard.of(form.period, form.currency) if form.is_sound else None
    page = render("admin/revenue/index.html", form=form, found=found)
    return page, 200 if form.is_sound else 422


@bp.get("/movements")
def movements_index() -> ResponseReturnValue:
    form = MovementFilterForm(request.args)
    filters = movements.Filters(
        who=form.value("who"),
        kind=form.value("kind"),
        currency=form.value("currency").lower(),
        first=form.day("first"),
        last=form.day("last"),
    )
    found = movements.page(filters, form.order, **around())
    return render("admin/revenue/movements.html", form=form, found=found, **addresses(found, form.kept()))
