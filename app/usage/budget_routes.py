"""The door to the budget of a meter, for those who look after billing: see it, set it, remove it, and what it would cost."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.catalog.words import capital
from app.core import clock
from app.core.extensions import limiter
from app.core.pages import go, render, wants_partial
from app.organizations.context import current_organization
from app.organizations.guards import may
from app.organizations.models import Role

from . import budgets, service, wording
from .forms import BudgetForm
from .standing import Standing

bp = Blueprint("usage_budget", __name__, url_prefix="/usage/budgets/<meter_key>")
often = limiter.shared_limit("120/hour", "budgets", key_func=lambda: current_organization.public_id)


@bp.get("")
@may(Role.BILLING)
def show(meter_key: str) -> ResponseReturnValue:
    standing = service.standing(current_organization, meter_key)
    return _page(standing, BudgetForm(standing, budgets.of(current_organization, meter_key), formdata=None))


@bp.post("")
@may(Role.BILLING)
@often
def save(meter_key: str) -> ResponseReturnValue:
    standing = service.standing(current_organization, meter_key)
    form = BudgetForm(standing)
    if not form.validate_on_submit():
        return _page(standing, form), 422
    budgets.set_to(current_organization, meter_key, form.number, form.levels.data, stops=form.stops)
    words = {"meter": capital(standing.meter.name), "budget": wording.amount(standing.meter, form.number)}
    flash(_("The budget for %(meter)s is %(budget)s now.", **words), "success")
    return go(_back(meter_key))


@bp.post("/removal")
@may(Role.BILLING)
@often
def remove(meter_key: str) -> ResponseReturnValue:
    standing = service.standing(current_organization, meter_key)
    budgets.remove(current_organization, meter_key)
    name = capital(standing.meter.name)
    flash(_("%(meter)s: the budget was removed. Its form still has what it was.", meter=name), "success")
    return go(_back(meter_key))


@bp.get("/cost")
@may(Role.BILLING)
def cost(meter_key: str) -> ResponseReturnValue:
    """What is typed as money, while it is typed."""
    if not wants_partial():
        return redirect(url_for(".show", meter_key=meter_key))
    standing = service.standing(current_organization, meter_key)
    form = BudgetForm(standing, formdata=request.args, meta={"csrf": False})
    return render_template("usage/_budget_cost.html", cost=_cost(standing, form))


def _back(meter_key: str) -> str:
    return url_for("usage.index", _anchor=f"meter-{meter_key}")


def _page(standing: Standing, form: BudgetForm) -> str:
    facts: dict[str, Any] = {"words": wording.told(standing, clock.now()), "cost": _cost(standing, form)}
    return render("usage/budget.html", "usage/_budget_form.html", form=form, **facts)


def _cost(standing: Standing, form: BudgetForm) -> str:
    amount = form.entered
    return wording.budget_cost(standing, amount) if amount is not None else ""
