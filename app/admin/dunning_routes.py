"""Failed renewals: which are unpaid, what was tried, trying now, and stopping."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.core.pages import render
from app.dunning import deciding

from . import cases, presses
from .context import addresses, answered, around, nothing_chosen
from .forms import CaseFilterForm, ChosenForm, DiscardForm

bp = Blueprint("dunning", __name__, url_prefix="/dunning")


@bp.get("")
def index() -> ResponseReturnValue:
    form = CaseFilterForm(request.args)
    filters = cases.Filters(
        state=form.value("state"),
        reason=form.value("reason"),
        who=form.value("who"),
        number=form.value("number"),
    )
    found = cases.page(filters, form.order, **around())
    ways = addresses(found, form.kept())
    return render("admin/dunning/index.html", form=form, found=found, pressing=ChosenForm(next=ways["here"]), **ways)


@bp.get("/<public_id>")
def show(public_id: str) -> ResponseReturnValue:
    case, invoice, organization, organization_id = cases.get(public_id)
    return render(
        "admin/dunning/show.html",
        case=case,
        invoice=invoice,
        organization=organization,
        organization_id=organization_id,
        ledger=cases.ledger(case),
        pressing=ChosenForm(next=url_for(".show", public_id=public_id)),
    )


@bp.post("/retry")
def retry() -> ResponseReturnValue:
    """Try the chosen cases now. What would only fail again is not charged, and the ledger says so."""
    form = ChosenForm()
    if not (names := form.names()):
        return nothing_chosen(form.next.data)
    token = form.token.data
    done = presses.once(token, "retry dunning", names, lambda names: deciding.retry_now(names, token))
    asked = ngettext(
        "%(num)s attempt was asked for. The ledger of the case says what comes of it.",
        "%(num)s attempts were asked for. The ledger of each case says what comes of it.",
        done,
    )
    return answered(form.next.data, done, len(names), asked, _("Nothing was left to collect."))


@bp.post("/stop")
def stop() -> ResponseReturnValue:
    """Stop the attempts of the chosen cases. Without a reason it is only asked for."""
    form = DiscardForm()
    if not (names := form.names()):
        return nothing_chosen(form.next.data)
    if not form.is_complete():
        return render("admin/dunning/stop.html", form=form, names=names, said=cases.said(names)), form.status
    done = presses.once(form.token.data, "stop dunning", names, lambda names: deciding.stop(names, form.reason.data))
    stopped = ngettext("%(num)s case was stopped.", "%(num)s cases were stopped.", done)
    nothing = _("Nothing was left to stop: only what is unpaid can be.")
    return answered(form.next.data, done, len(names), stopped, nothing)
