"""Calls to Stripe whose end nobody heard."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.pages import render
from app.upkeep import calls as upkeep

from . import calls, presses
from .context import addresses, answered, around, nothing_chosen
from .forms import CallFilterForm, ChosenForm

bp = Blueprint("calls", __name__, url_prefix="/calls")


@bp.get("")
def index() -> ResponseReturnValue:
    form = CallFilterForm(request.args)
    found = calls.page(calls.Filters(state=form.value("state"), about=form.value("about")), form.order, **around())
    ways = addresses(found, form.kept())
    return render(
        "admin/calls/index.html",
        form=form,
        found=found,
        standing=upkeep.standing(),
        pressing=ChosenForm(next=ways["here"]),
        **ways,
    )


@bp.post("/look")
def look() -> ResponseReturnValue:
    """Have the chosen calls looked into now, in the background."""
    form = ChosenForm()
    if not (keys := form.names()):
        return nothing_chosen(form.next.data)
    done = presses.once(form.token.data, "look into calls", keys, upkeep.look_again)
    asked = ngettext("%(num)s call is looked into now.", "%(num)s calls are looked into now.", done)
    nothing = _("Nothing was left to do: somebody is looking already, or the end is known.")
    return answered(form.next.data, done, len(keys), asked, nothing)
