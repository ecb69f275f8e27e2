"""Background work: what waits, what gave up, and putting it right."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.audit import service as audit
from app.core.pages import render
from app.core.tasks import TaskState
from app.upkeep import tasks as upkeep

from . import presses, redaction, work
from .context import addresses, answered, around, nothing_chosen
from .forms import ChosenForm, DiscardForm, TaskFilterForm

bp = Blueprint("tasks", __name__, url_prefix="/tasks")


@bp.get("")
def index() -> ResponseReturnValue:
    form = TaskFilterForm(request.args)
    filters = work.Filters(
        state=form.value("state"), queue=form.value("queue"), kind=form.value("kind"), named=form.value("named")
    )
    found = work.page(filters, form.order, **around())
    ways = addresses(found, form.kept())
    return render(
        "admin/tasks/index.html",
        form=form,
        found=found,
        queues=upkeep.queues(),
        pressing=ChosenForm(next=ways["here"]),
        **ways,
    )


@bp.get("/<int:task_id>")
def show(task_id: int) -> ResponseReturnValue:
    task, may_retry = work.get(task_id)
    return render(
        "admin/tasks/show.html",
        task=task,
        payload=redaction.shown(task.payload),
        history=audit.history(upkeep.subject(task)),
        pressing=ChosenForm(next=url_for(".show", task_id=task_id)),
        may_retry=may_retry,
        may_discard=task.state == TaskState.PARKED,
    )


@bp.post("/retry")
def retry() -> ResponseReturnValue:
    """Do the chosen tasks now. What must be said or done once knows so itself."""
    form = ChosenForm()
    if not (numbers := form.numbers()):
        return nothing_chosen(form.next.data)
    done = presses.once(form.token.data, "retry tasks", numbers, upkeep.retry)
    sent = ngettext("%(num)s task is tried again now.", "%(num)s tasks are tried again now.", done)
    nothing = _("Nothing was left to do: under way already, or over.")
    return answered(form.next.data, done, len(numbers), sent, nothing)


@bp.post("/discard")
def discard() -> ResponseReturnValue:
    """Give the chosen tasks up. Without a reason it is only asked for."""
    form = DiscardForm()
    if not (numbers := form.numbers()):
        return nothing_chosen(form.next.data)
    if not form.is_complete():
        return render("admin/tasks/discard.html", form=form, names=numbers), form.status
    done = presses.once(
        form.token.data, "discard tasks", numbers, lambda numbers: upkeep.discard(numbers, form.reason.data)
    )
    given_up = ngettext("%(num)s task was discarded.", "%(num)s tasks were discarded.", done)
    nothing = _("Nothing was left to do: only what is parked can be discarded.")
    return answered(form.next.data, done, len(numbers), given_up, nothing)
