"""Chaos: pick a fault, see what is still to come and what happened, clear it all."""

from typing import Any

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.chaos.plan import FILTERS, KINDS, READERS_OF_TIMES, Nonsense
from sandbox.control_webhooks import ordered
from sandbox.panel import words
from sandbox.panel.pages import back, bp, consistent, page, this_sandbox

RECENT = 15
"""How many of the last decisions are listed."""
NUMBERS = ("count", "skip", "times", "window")
FRACTIONS = ("probability", "seconds", "days", "within")


@bp.get("/panel/chaos")
@consistent
def chaos() -> str:
    """The plan, what it did, and the switches."""
    return _switches()


@bp.post("/panel/chaos")
def add_fault() -> AnyResponse | tuple[str, int]:
    """Put one more fault behind the plan."""
    box = this_sandbox()
    try:
        entry = _entry(request.form.to_dict())
        with box.lock:
            box.chaos.add(entry)
    except ValueError as problem:
        with box.reading:
            return _switches(str(problem).removeprefix("plan[0].")), 400
    return back("chaos", "armed")


@bp.post("/panel/chaos/clear")
def clear_faults() -> AnyResponse:
    """No faults any more; what they held goes out."""
    box = this_sandbox()
    with box.lock:
        box.chaos.clear()
        released = box.courier.release(box.courier.held())
    return back("chaos", "cleared", released)


@bp.post("/panel/chaos/release")
def release_held() -> AnyResponse:
    """Let the held webhooks go in the order that was chosen."""
    box = this_sandbox()
    with box.lock:
        released = box.courier.release(ordered(box.courier.held(), {"order": request.form.get("order", "created")}))
    return back("chaos", "released", released)


def _switches(problem: str = "") -> str:
    box = this_sandbox()
    picture = box.chaos.picture()
    return page(
        "chaos",
        seed=picture["seed"],
        faults=[(entry, words.fault(entry), words.fault_filter(entry)) for entry in picture["plan"]],
        log=picture["log"][: -RECENT - 1 : -1],
        held=len(box.courier.held()),
        kinds=KINDS,
        endpoints=box.store.list("webhook_endpoint"),
        types=sorted({event["type"] for event in box.store.list("event")}),
        problem=problem,
        given=request.form,
    )


def _entry(form: dict[str, str]) -> dict[str, Any]:
    """The fault a form describes: only the fields that are filled in and mean something to its kind."""
    place = next((one for one in KINDS if one in form), "")
    kind = form.get(place, "")
    if kind not in KINDS.get(place, {}):
        raise Nonsense("fault: choose one of the list")
    known = (*READERS_OF_TIMES, *FILTERS[place], *KINDS[place][kind])
    filled = {key: form[key].strip() for key in known if form.get(key, "").strip()}
    return {place: kind, **{key: _typed(key, value) for key, value in filled.items()}}


def _typed(key: str, value: str) -> Any:
    if key == "types":
        return [one.strip() for one in value.split(",")]
    if key == "count" and value == "all":
        return None
    try:
        return int(value) if key in NUMBERS else float(value) if key in FRACTIONS else value
    except ValueError:
        raise Nonsense(f"{key}: must be a number") from None
