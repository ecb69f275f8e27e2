"""The doors to usage for a browser: the page, its meters alone, the days as a file."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core import clock
from app.core.pages import public_url, render, wants_partial
from app.organizations.context import current_organization
from app.organizations.guards import member_of_organization

from . import export, showing
from .forms import DaysForm
from .ranges import DaysRefused
from .wording import told

bp = Blueprint("usage", __name__, url_prefix="/usage")


@bp.get("")
@member_of_organization
def index() -> ResponseReturnValue:
    """For htmx the days alone: what its links and its form change."""
    board = showing.board(current_organization)
    if not board.standings:
        return render("usage/none.html")
    form = _days_form()
    meter, days = board.chosen(form.meter.data), form.chosen()
    days = days or board.days(form.named, meter)
    form.fill(meter, days, [(standing.meter.key, told(standing, board.now).name) for standing in board.standings])
    is_new = showing.is_new(current_organization, board, days)
    span: dict[str, Any] = {"from": days.first, "to": days.last}
    return render(
        "usage/index.html",
        "usage/_days.html",
        board=board,
        form=form,
        days=days,
        is_new=is_new,
        shown=showing.shown(current_organization, board, meter, days, is_new=is_new),
        events_url=public_url("usage_api.report"),
        export_url=url_for(".csv", **span),
    )


@bp.get("/meters")
@member_of_organization
def meters() -> ResponseReturnValue:
    """What a page asks for again while somebody looks at it."""
    if not wants_partial():
        return redirect(url_for(".index"))
    return render_template("usage/_meters.html", board=showing.board(current_organization))


@bp.get("/days.csv")
@member_of_organization
def csv() -> ResponseReturnValue:
    """All meters, day by day. Raises DaysRefused: the page never links to days that make no sense, but people write addresses."""
    form = _days_form()
    days = form.chosen()
    if days is None:
        raise DaysRefused(form.problem)
    lines = export.lines(*showing.table(current_organization, days))
    name = f"usage-{days.first}-{days.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(lines, mimetype="text/csv", headers=headers)


def _days_form() -> DaysForm:
    return DaysForm(request.args, clock.now().astimezone(ZoneInfo(current_organization.timezone)).date())
