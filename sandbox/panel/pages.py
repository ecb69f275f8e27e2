"""What every page of the panel is made of: the blueprint with its guards, the one sandbox, and the frame around a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sandbox.core import Sandbox
from sandbox.panel import words
from sandbox.panel.guard import is_local_name, is_own_page
from sandbox.store import Record
from sandbox.wishes import Refused

bp = Blueprint("panel", __name__, static_folder="static", static_url_path="/panel/static", template_folder="templates")

PER_PAGE = 50
REFRESH_EVERY = 5
"""Seconds between two looks of a page that somebody asked to keep itself up to date."""

for name, filter_ in words.FILTERS.items():
    bp.add_app_template_filter(filter_, f"panel_{name}")


def consistent(view: Callable[..., str]) -> Callable[..., str]:
    """Let nothing change while a page is drawn, so that it shows one instant; a turning clock is looked at in mid-turn."""

    @wraps(view)
    def steady(**arguments: str) -> str:
        with this_sandbox().reading:
            return view(**arguments)

    return steady


@bp.before_request
def only_own_pages() -> None:
    """Refuse what another site's page makes a browser do here, and names that only a rebound DNS entry can have."""
    if request.method == "POST" and not is_own_page(request):
        abort(403)
    if not is_local_name(request.host):
        abort(403)


@bp.errorhandler(Refused)
def refuse(problem: Refused) -> tuple[str, int]:
    """What no form of the panel sends."""
    return str(problem), 400


@bp.after_request
def strict_policy(response: Response) -> Response:
    """The panel has no script at all, and nobody may frame its buttons."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not request.path.startswith("/panel/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response


def this_sandbox() -> Sandbox:
    """The sandbox that a page shows."""
    box: Sandbox = current_app.extensions["sandbox"]
    return box


def page(template: str, **values: Any) -> str:
    """A page in its frame: what the last button did, whether the clock is turning, whether the page renews itself."""
    return render_template(
        f"panel/{template}.html",
        message=words.message(request.args.get("done", ""), request.args.get("count", 0, int)),
        advancing_to=this_sandbox().clock.advancing_to,
        refresh=REFRESH_EVERY if request.args.get("refresh") else None,
        **values,
    )


def back(endpoint: str, done: str, count: int = 0, **arguments: Any) -> AnyResponse:
    """After a button: the page it leads to, which says what was done."""
    return redirect(url_for(f"panel.{endpoint}", done=done, count=count, **arguments), 303)


def paged(records: list[Any]) -> tuple[int, list[Any], bool]:
    """Which page was asked for, what is on it, and whether there is more."""
    number = max(1, request.args.get("page", 1, int))
    return number, records[(number - 1) * PER_PAGE : number * PER_PAGE], len(records) > number * PER_PAGE


def told(events: Iterable[Record]) -> list[tuple[Record, str | None, list[Record]]]:
    """Each event with the address of what it is about, if that is stored, and its deliveries."""
    box = this_sandbox()
    rows = []
    for event in events:
        about = event["data"]["object"]
        found = box.store.get(about["object"], about.get("id", ""))
        rows.append((event, address(found) if found else None, box.events.deliveries(event["id"])))
    return rows


def address(record: Record) -> str:
    """The page of a record."""
    return url_for("panel.thing", kind=record["object"], id=record["id"])


def link(key: str, text: str) -> str | None:
    """Where a string in an object leads: to the object whose id it is. Chosen ids (products) count by their key."""
    if "_" not in text and key != "product":
        return None
    if text.startswith("evt_"):
        return url_for("panel.event", event_id=text)
    found = this_sandbox().store.locate(text, key)
    return address(found) if found else None
