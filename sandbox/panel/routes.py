"""Panel pages. The buttons go through the same functions as the control door."""

from collections.abc import Callable, Iterable
from functools import wraps
from itertools import islice
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sandbox import control
from sandbox.core import Sandbox
from sandbox.panel import cards, words
from sandbox.panel.guard import is_local_name, is_own_page
from sandbox.panel.json_view import as_html
from sandbox.store import Record

bp = Blueprint("panel", __name__, static_folder="static", static_url_path="/panel/static", template_folder="templates")

PER_PAGE = 50
RECENT = 12

for name, filter_ in words.FILTERS.items():
    bp.add_app_template_filter(filter_, f"panel_{name}")


def consistent(view: Callable[..., str]) -> Callable[..., str]:
    """Hold the sandbox's lock while a page is drawn, so that it shows one instant."""

    @wraps(view)
    def locked(**arguments: str) -> str:
        with _box().lock:
            return view(**arguments)

    return locked


@bp.before_request
def only_own_pages() -> None:
    """Refuse what another site's page makes a browser do here, and names that only a rebound DNS entry can have."""
    if request.method == "POST" and not is_own_page(request):
        abort(403)
    if not is_local_name(request.host):
        abort(403)


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


@bp.get("/")
@consistent
def home() -> str:
    """The clock, what it brings next, and what it brought last."""
    box = _box()
    now = box.clock.now()
    return _page(
        "home", now=now, ahead=words.ahead(now), coming=words.coming(box), events=_told(box.events.list(RECENT))
    )


@bp.get("/panel/objects")
@consistent
def things() -> str:
    """How many objects of each type there are."""
    store = _box().store
    return _page("things", counts=[(kind, store.count(kind)) for kind in store.types() if kind != "event"])


@bp.get("/panel/objects/<kind>")
@consistent
def things_of(kind: str) -> str:
    """The objects of one type, newest first."""
    if kind.startswith("_") or kind not in _box().store.types():
        abort(404)
    page, records, more = _paged(_box().store.list(kind))
    return _page("things_of", kind=kind, count=_box().store.count(kind), page=page, records=records, more=more)


@bp.get("/panel/objects/<kind>/<id>")
@consistent
def thing(kind: str, id: str) -> str:
    """One object as the API shows it, and the events about it."""
    box = _box()
    record = None if kind.startswith("_") else box.store.get(kind, id)
    if record is None:
        abort(404)
    story = (event for event in box.store.list("event") if event["data"]["object"].get("id") == id)
    shown = as_html(box.render(record), _link)
    return _page(
        "thing", kind=kind, id=id, brief=words.summary(record), json=shown, events=_told(islice(story, PER_PAGE))
    )


@bp.get("/panel/events")
@consistent
def events() -> str:
    """Every event, newest first, or those of one type."""
    everything = _box().store.list("event")
    wanted = request.args.get("type", "")
    found = [event for event in everything if wanted in ("", event["type"])]
    page, shown, more = _paged(found)
    types = sorted({event["type"] for event in everything})
    return _page("events", events=_told(shown), count=len(found), types=types, type=wanted, page=page, more=more)


@bp.get("/panel/events/<event_id>")
@consistent
def event(event_id: str) -> str:
    """One event: its payload, who was told and with what success."""
    box = _box()
    found = box.events.get(event_id)
    if found is None:
        abort(404)
    deliveries = [words.delivery(box, each) for each in box.events.deliveries(event_id)]
    return _page("event", event=found, deliveries=deliveries, json=as_html(box.render(found), _link))


@bp.get("/panel/requests")
@consistent
def visits() -> str:
    """The last calls to the API."""
    seen = list(_box().observation.visits)
    return _page("visits", visits=seen, broken=sum(bool(visit.violations) for visit in seen))


@bp.get("/panel/cards")
@consistent
def show_cards() -> str:
    """The numbers to type, and what each makes happen."""
    return _page("cards", groups=cards.groups())


@bp.post("/panel/clock")
def turn_clock() -> AnyResponse:
    """Turn the clock by one of the spans on the buttons, or to the next event."""
    box = _box()
    with box.lock:
        try:
            count = box.clock.advance(control.target(box, request.form.to_dict()))
        except ValueError:
            return redirect(url_for("panel.home", done="refused"), 303)
    return redirect(url_for("panel.home", done="turned", count=count), 303)


@bp.post("/panel/events/<event_id>/send")
def send_again(event_id: str) -> AnyResponse:
    """Deliver an event once more to every endpoint that wants it."""
    if _box().events.get(event_id) is None:
        abort(404)
    count = len(_box().events.send_again(event_id))
    return redirect(url_for("panel.event", event_id=event_id, done="sent", count=count), 303)


def _box() -> Sandbox:
    box: Sandbox = current_app.extensions["sandbox"]
    return box


def _page(template: str, **values: Any) -> str:
    message = words.message(request.args.get("done", ""), request.args.get("count", 0, int))
    return render_template(f"panel/{template}.html", message=message, **values)


def _paged(records: list[Record]) -> tuple[int, list[Record], bool]:
    page = max(1, request.args.get("page", 1, int))
    return page, records[(page - 1) * PER_PAGE : page * PER_PAGE], len(records) > page * PER_PAGE


def _told(events: Iterable[Record]) -> list[tuple[Record, str | None, list[Record]]]:
    """Each event with the address of what it is about, if that is stored, and its deliveries."""
    told = []
    for event in events:
        about = event["data"]["object"]
        found = _box().store.get(about["object"], about.get("id", ""))
        address = url_for("panel.thing", kind=about["object"], id=about["id"]) if found else None
        told.append((event, address, _box().events.deliveries(event["id"])))
    return told


def _link(key: str, text: str) -> str | None:
    """Where a string in an object leads: to the object whose id it is. Chosen ids (products) count by their key."""
    if "_" not in text and key != "product":
        return None
    if text.startswith("evt_"):
        return url_for("panel.event", event_id=text)
    found = _box().store.locate(text, key)
    return url_for("panel.thing", kind=found["object"], id=text) if found else None
