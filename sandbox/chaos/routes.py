"""``/_sandbox/faults``: the plan of what goes wrong, by API."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from sandbox.chaos.plan import Nonsense
from sandbox.control import bp, this_sandbox
from sandbox.control_webhooks import ordered
from sandbox.wishes import Refused, given_object, seed


@bp.get("/faults")
def show_faults() -> Response:
    """The plan with how far it has come, every decision so far, and how many webhooks are held."""
    return _picture()


@bp.post("/faults")
def follow_plan() -> Response:
    """Replace the plan: ``{"plan": [{"call": "rate_limit", "count": 2}], "seed": 7}``."""
    wish = given_object("plan", "seed")
    chance = seed(wish)
    with this_sandbox().lock:
        try:
            this_sandbox().chaos.follow(wish.get("plan"), chance)
        except Nonsense as problem:
            raise Refused(str(problem)) from None
    return _picture()


@bp.delete("/faults")
def clear_plan() -> Response:
    """No faults any more; what they held goes out."""
    with this_sandbox().lock:
        this_sandbox().chaos.clear()
    _release({})
    return _picture()


@bp.post("/faults/release")
def release() -> Response:
    """Let the held webhooks go: ``{"order": "created"|"reverse"|"shuffle", "seed": 7}``."""
    return jsonify(released=_release(given_object("order", "seed")))


def _release(wish: dict[str, Any]) -> int:
    box = this_sandbox()
    with box.lock:
        return box.courier.release(ordered(box.courier.held(), wish))


def _picture() -> Response:
    box = this_sandbox()
    with box.lock:
        return jsonify({**box.chaos.picture(), "held": len(box.courier.held())})
