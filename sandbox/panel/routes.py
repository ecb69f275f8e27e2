"""Clock and events. The buttons go through the same functions as the control door."""

from flask import abort, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox import control_webhooks
from sandbox.panel import cards, words
from sandbox.panel.changes import changes
from sandbox.panel.coming import coming
from sandbox.panel.json_view import as_html
from sandbox.panel.pages import address, back, bp, consistent, link, page, paged, this_sandbox, told
from sandbox.store import Record
from sandbox.wishes import target, years_ahead

RECENT = 12
AHEAD = 8
"""How many of the next deeds are listed."""


@bp.get("/")
@consistent
def home() -> str:
    """The clock, what it brings next, and what it brought last."""
    box = this_sandbox()
    now = box.clock.now()
    ahead = coming(box, AHEAD)
    first = next((one for one in ahead if one.test_clock is None), None)
    return page(
        "home",
        now=now,
        ahead=words.ahead(now),
        first=first,
        coming=[one for one in ahead if one is not first],
        address=address,
        test_clocks=box.store.list("test_helpers.test_clock"),
        events=told(box.events.list(RECENT)),
    )


@bp.post("/panel/clock")
def turn_clock() -> AnyResponse:
    """Turn the clock by one of the spans on the buttons, to an instant, or to the next event."""
    box, wish = this_sandbox(), request.form.to_dict()
    if box.clock.advancing_to is not None:
        return back("home", "busy")
    instant = request.form.get("to", 0, int)
    if instant > years_ahead(box.clock.now()):
        return back("home", "far")
    with box.lock:
        try:
            count = box.clock.advance(target(box, {"to": instant} if instant else wish))
        except ValueError:
            return back("home", "behind" if instant else "refused")
    return back("home", "turned", count)


@bp.get("/panel/events")
@consistent
def events() -> str:
    """Every event, newest first, or those of one type."""
    everything = this_sandbox().store.list("event")
    wanted = request.args.get("type", "")
    found = [event for event in everything if wanted in ("", event["type"])]
    number, shown, more = paged(found)
    types = sorted({event["type"] for event in everything})
    return page("events", events=told(shown), count=len(found), types=types, type=wanted, page=number, more=more)


@bp.get("/panel/events/<event_id>")
@consistent
def event(event_id: str) -> str:
    """One event: what changed, its payload, who was told and with what success."""
    box = this_sandbox()
    found = _event(event_id)
    shown = box.render(found)
    deliveries = [words.delivery(box, each) for each in box.events.deliveries(event_id)]
    return page("event", event=shown, changes=changes(shown), deliveries=deliveries, json=as_html(shown, link))


@bp.post("/panel/events/<event_id>/send")
def send_again(event_id: str) -> AnyResponse:
    """Deliver an event once more, or twice, to every endpoint that wants it."""
    _event(event_id)
    times = 2 if request.form.get("times") == "2" else 1
    count = len(this_sandbox().events.send_again(event_id, times))
    return back("event", "sent", count, event_id=event_id)


@bp.post("/panel/events/<event_id>/replay")
def replay(event_id: str) -> AnyResponse:
    """Deliver an event and all later ones once more, in the order that was chosen."""
    _event(event_id)
    wish = {"since": event_id, "order": request.form.get("order", "created")}
    _, deliveries = control_webhooks.send_since(this_sandbox(), wish)
    return back("event", "replayed", len(deliveries), event_id=event_id)


@bp.get("/panel/cards")
@consistent
def show_cards() -> str:
    """The numbers to type, and what each makes happen."""
    return page("cards", groups=cards.groups())


def _event(event_id: str) -> Record:
    found = this_sandbox().events.get(event_id)
    if found is None:
        abort(404)
    return found
