"""The door ``/_sandbox``: turn the clock, reset, look at events, deliveries and violations. Loopback only, JSON."""

from __future__ import annotations

import dataclasses
import re
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request

from sandbox.billing.periods import add
from sandbox.core import Sandbox
from sandbox.routing import HANDLERS

bp = Blueprint("control", __name__, url_prefix="/_sandbox")

SPAN = re.compile(r"^(\d+) (second|minute|hour|day|week|month|year)s?$")
SECONDS = {"second": 1, "minute": 60, "hour": 3600}


class Refused(ValueError):
    """A control request that cannot be done; its text is the answer."""


@bp.before_request
def only_this_machine() -> None:
    """Nobody from outside, and no web page that happens to be open in a browser on this machine."""
    if request.headers.get("Origin", request.host_url.rstrip("/")) != request.host_url.rstrip("/"):
        abort(403)
    if not ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104 - "unknown", not an address to bind
        abort(403)


@bp.errorhandler(Refused)
def refuse(error: Refused) -> tuple[Response, int]:
    return jsonify(error=str(error)), 400


@bp.get("/clock")
def show_clock() -> Response:
    return jsonify(now=_box().clock.now())


@bp.post("/clock")
def turn_clock() -> Response:
    """``{"by": "1 month" | "<seconds>"}``, ``{"to": unix}`` or ``{"to": "next"}``."""
    box = _box()
    with box.lock:
        try:
            count = box.clock.advance(target(box, _json()))
        except (ValueError, TypeError, OverflowError) as error:
            raise Refused(str(error)) from None
        return jsonify(now=box.clock.now(), events=count)


def target(box: Sandbox, wish: dict[str, Any]) -> int:
    """The instant a wish for another time means; ValueError when it makes no sense or nothing is due."""
    if "by" in wish:
        return later(box.clock.now(), str(wish["by"]))
    if wish.get("to") == "next":
        due = box.clock.next_due()
        if due is None:
            raise ValueError("nothing will happen by itself")
        return max(due, box.clock.now())
    return int(wish.get("to", ""))


def later(now: int, span: str) -> int:
    """``now`` plus "1 day", "2 weeks", "1 month" or a number of seconds."""
    if span.isdigit():
        return now + int(span)
    match = SPAN.match(span)
    if match is None:
        raise ValueError("by: a number of seconds, or like '1 day', '2 weeks', '1 month'")
    count, unit = int(match[1]), match[2]
    return now + count * SECONDS[unit] if unit in SECONDS else add(now, unit, count)


@bp.post("/reset")
def reset() -> Response:
    """A fresh store; keys and endpoints stay. ``{"now": unix}`` sets the clock, ``{"records": [...]}`` of a snapshot return."""
    wish = _json()
    _box().reset(wish.get("now"), wish.get("records", ()))
    return jsonify(now=_box().clock.now())


@bp.get("/snapshot")
def take_snapshot() -> Response:
    """``?types=product,price``: their records, for a later reset to begin with."""
    return jsonify(records=_box().snapshot(request.args.get("types", "").split(",")))


@bp.get("/deliveries/pending")
def show_pending() -> Response:
    return jsonify(pending=_box().courier.pending(), paused=_box().courier.paused)


@bp.post("/deliveries")
def pause_deliveries() -> Response:
    """``{"paused": true|false}`` holds or releases all webhook deliveries."""
    _box().courier.pause(bool(_json().get("paused")))
    return jsonify(paused=_box().courier.paused)


@bp.get("/events")
def show_events() -> Response:
    box = _box()
    limit = request.args.get("limit", 100, int)
    with box.lock:
        found = [{**box.render(one), "deliveries": box.events.deliveries(one["id"])} for one in box.events.list(limit)]
    return jsonify(data=found)


@bp.post("/events/<id>/send")
def send_again(id: str) -> tuple[Response, int]:
    box = _box()
    if box.events.get(id) is None:
        return jsonify(error=f"no event {id}"), 404
    return jsonify(deliveries=len(box.events.send_again(id))), 200


@bp.get("/log")
def show_log() -> Response:
    return jsonify(data=[dataclasses.asdict(visit) for visit in list(_box().observation.visits)])


@bp.get("/operations")
def show_operations() -> Response:
    """How often each operation was answered with success since the process started, and all that are played."""
    played = sorted(f"{method} {path}" for method, path in HANDLERS)
    return jsonify(data=dict(_box().observation.exercised), played=played)


@bp.get("/violations")
def show_violations() -> Response:
    return jsonify(data=list(_box().observation.violations))


def _box() -> Sandbox:
    box: Sandbox = current_app.extensions["sandbox"]
    return box


def _json() -> dict[str, Any]:
    given = request.get_json(silent=True) or {}
    if not isinstance(given, dict):
        raise Refused("send a JSON object")
    return given
