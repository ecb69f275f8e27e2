"""Reconciliation: when Stripe was last heard and compared with, what differed, and putting it right."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.audit import service as audit
from app.core.pages import render
from app.reconciliation import hearing, service
from app.reconciliation import rounds as comparison

from . import differences, presses, unbilled
from .context import addresses, answered, around, nothing_chosen
from .forms import ChosenForm, DifferenceFilterForm, DiscardForm

bp = Blueprint("reconciliation", __name__, url_prefix="/reconciliation")


@bp.get("")
def index() -> ResponseReturnValue:
    form = DifferenceFilterForm(request.args)
    filters = differences.Filters(
        state=form.value("state"),
        severity=form.value("severity"),
        type=form.value("type"),
        about=form.value("about"),
    )
    found = differences.page(filters, form.order, **around())
    ways = addresses(found, form.kept())
    return render(
        "admin/reconciliation/index.html",
        form=form,
        found=found,
        hearing=hearing.hearing(),
        left=differences.left(),
        rounds=differences.rounds(),
        unbilled=unbilled.count(),
        pressing=ChosenForm(next=ways["here"]),
        **ways,
    )


@bp.get("/<public_id>")
def show(public_id: str) -> ResponseReturnValue:
    difference, organization = differences.get(public_id)
    return render(
        "admin/reconciliation/show.html",
        difference=difference,
        organization=organization,
        history=audit.history(public_id),
        pressing=ChosenForm(next=url_for(".show", public_id=public_id)),
    )


@bp.post("/rounds")
def compare() -> ResponseReturnValue:
    """Have a worker compare what is recent now."""
    form = ChosenForm()
    form.names()
    done = presses.once(form.token.data, "compare", ["recent"], lambda _names: comparison.ask(form.token.data))
    return answered(form.next.data, done, done, _("The comparison has begun. Look again in a moment."), "")


@bp.post("/repair")
def repair() -> ResponseReturnValue:
    """Fetch the objects of the chosen differences anew: harmless however often."""
    form = ChosenForm()
    if not (names := form.names()):
        return nothing_chosen(form.next.data)
    done = presses.once(form.token.data, "repair differences", names, service.ask_repair)
    asked = ngettext("%(num)s object is being fetched anew.", "%(num)s objects are being fetched anew.", done)
    return answered(
        form.next.data, done, len(names), asked, _("Nothing was left to do: only what is open is repaired.")
    )


@bp.post("/ignore")
def ignore() -> ResponseReturnValue:
    """Leave the chosen differences as they are. Without a reason it is only asked for."""
    form = DiscardForm()
    if not (names := form.names()):
        return nothing_chosen(form.next.data)
    if not form.is_complete():
        return render("admin/reconciliation/ignore.html", form=form, names=names), form.status
    done = presses.once(
        form.token.data, "ignore differences", names, lambda names: service.ignore(names, form.reason.data)
    )
    left = ngettext("%(num)s difference is ignored.", "%(num)s differences are ignored.", done)
    return answered(form.next.data, done, len(names), left, _("Nothing was left to do: only what is open is ignored."))
