"""Use beyond a plan that nobody bills: looked at, and settled by a person."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.pages import render
from app.usage import unbilled as usage

from . import presses, unbilled
from .context import addresses, answered, around, nothing_chosen
from .forms import ChosenForm, DiscardForm

bp = Blueprint("unbilled", __name__, url_prefix="/unbilled")


@bp.get("")
def index() -> ResponseReturnValue:
    found = unbilled.page(**around())
    ways = addresses(found, {})
    return render("admin/unbilled/index.html", found=found, pressing=ChosenForm(next=ways["here"]), **ways)


@bp.post("/settle")
def settle() -> ResponseReturnValue:
    """Count the chosen rows as billed. Without a reason it is only asked for."""
    form = DiscardForm()
    if not (names := form.names()):
        return nothing_chosen(form.next.data)
    if not form.is_complete():
        return render("admin/unbilled/settle.html", form=form, names=names), form.status
    done = presses.once(form.token.data, "settle use", names, lambda names: usage.settle(names, form.reason.data))
    settled = ngettext("%(num)s row is settled.", "%(num)s rows are settled.", done)
    nothing = _("Nothing was settled: it is billed after all, or became more meanwhile. Look again.")
    return answered(form.next.data, done, len(names), settled, nothing)
