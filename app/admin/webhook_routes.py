"""The inbox: what Stripe sent, what became of it, and putting it right."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.audit import service as audit
from app.core.pages import render
from app.webhooks import keeping
from app.webhooks.registry import HANDLERS

from . import inbox, presses, redaction
from .context import addresses, answered, around, nothing_chosen
from .forms import ChosenForm, DiscardForm, EventFilterForm

bp = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@bp.get("")
def index() -> ResponseReturnValue:
    form = EventFilterForm(request.args)
    filters = inbox.Filters(
        state=form.value("state"),
        type=form.value("type"),
        about=form.value("about"),
        customer=form.value("customer"),
    )
    found = inbox.page(filters, form.order, **around())
    ways = addresses(found, form.kept())
    return render(
        "admin/webhooks/index.html",
        form=form,
        found=found,
        standing=keeping.standing(),
        pressing=ChosenForm(next=ways["here"]),
        types=sorted(HANDLERS),
        replayable=keeping.SETTLED,
        **ways,
    )


@bp.get("/<event_id>")
def show(event_id: str) -> ResponseReturnValue:
    event, organization = inbox.get(event_id)
    return render(
        "admin/webhooks/show.html",
        event=event,
        organization=organization,
        payload=redaction.shown(event.payload),
        history=audit.history(event.event_id),
        pressing=ChosenForm(next=url_for(".show", event_id=event_id)),
        may_replay=event.state in keeping.SETTLED,
        may_discard=event.state in keeping.STUCK,
    )


@bp.post("/replay")
def replay() -> ResponseReturnValue:
    """Handle the chosen events once more: their objects are fetched anew, which does no harm however often."""
    form = ChosenForm()
    if not (names := form.names()):
        return nothing_chosen(form.next.data)
    done = presses.once(form.token.data, "retry events", names, keeping.retry)
    sent = ngettext("%(num)s event was sent round again.", "%(num)s events were sent round again.", done)
    return answered(
        form.next.data, done, len(names), sent, _("Nothing was left to do: on its way already, or never to be handled.")
    )


@bp.post("/discard")
def discard() -> ResponseReturnValue:
    """Give the chosen events up. Without a reason it is only asked for."""
    form = DiscardForm()
    if not (names := form.names()):
        return nothing_chosen(form.next.data)
    if not form.is_complete():
        return render("admin/webhooks/discard.html", form=form, names=names), form.status
    done = presses.once(
        form.token.data, "discard events", names, lambda names: keeping.discard(names, form.reason.data)
    )
    given_up = ngettext("%(num)s event was discarded.", "%(num)s events were discarded.", done)
    return answered(
        form.next.data, done, len(names), given_up, _("Nothing was left to do: only what is stuck can be discarded.")
    )
