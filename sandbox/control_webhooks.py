"""The part of ``/_sandbox`` that controls webhooks: hold, send again, replay, and roll the secret of an endpoint."""

from __future__ import annotations

import random
import secrets
from typing import Any

from flask import Response, jsonify, request

from sandbox import retries
from sandbox.control import bp, this_sandbox
from sandbox.core import Sandbox
from sandbox.store import Record, Records
from sandbox.wishes import Refused, given_object, seed, whole

MOST_TIMES = 20
LONGEST_OVERLAP = 86400
"""Seconds of virtual time, as at Stripe: https://docs.stripe.com/webhooks#roll-endpoint-secrets."""
ORDERS = ("created", "reverse", "shuffle")


@bp.get("/deliveries/pending")
def show_pending() -> Response:
    return jsonify(pending=this_sandbox().courier.pending(), paused=this_sandbox().courier.paused)


@bp.post("/deliveries")
def control_deliveries() -> Response:
    """``{"paused": true|false}`` holds or releases all webhook deliveries; ``{"retries": "live"}`` chooses a schedule."""
    courier, wish = this_sandbox().courier, given_object("paused", "retries")
    if not wish or not isinstance(wish.get("paused", True), bool):
        raise Refused("paused: must be true or false")
    if wish.get("retries", courier.retries) not in retries.NAMES:
        raise Refused(f"retries: must be one of {', '.join(retries.NAMES)}")
    courier.retries = wish.get("retries", courier.retries)
    if "paused" in wish:
        courier.pause(wish["paused"])
    return jsonify(paused=courier.paused, **({"retries": courier.retries} if "retries" in wish else {}))


@bp.get("/events")
def show_events() -> Response:
    box = this_sandbox()
    limit = request.args.get("limit", 100, int)
    with box.lock:
        found = [{**box.render(one), "deliveries": box.events.deliveries(one["id"])} for one in box.events.list(limit)]
    return jsonify(data=found)


@bp.post("/events/<id>/send")
def send_again(id: str) -> tuple[Response, int]:
    """``{"times": 2}``: once more, or so many times."""
    box = this_sandbox()
    times = whole("times", given_object("times").get("times", 1), MOST_TIMES)
    if box.events.get(id) is None:
        return jsonify(error=f"no event {id}"), 404
    return jsonify(deliveries=len(box.events.send_again(id, times))), 200


@bp.post("/replay")
def replay() -> Response:
    """Every event since an event or an instant once more: ``{"since": "evt_…" | unix, "order": "shuffle", "seed": 7}``."""
    chosen, sent = send_since(this_sandbox(), given_object("since", "order", "seed"))
    return jsonify(events=[event["id"] for event in chosen], deliveries=len(sent))


def send_since(box: Sandbox, wish: dict[str, Any]) -> tuple[Records, Records]:
    """Send again what a wish for a replay means; answers the events and their new deliveries."""
    with box.transaction():
        chosen = ordered(_since(box, wish.get("since", 0)), wish)
        return chosen, [delivery for event in chosen for delivery in box.events.send_again(event["id"])]


@bp.post("/endpoints/<id>/roll")
def roll(id: str) -> tuple[Response, int]:
    """A new secret: ``{"expires_in": seconds}`` of virtual time in which the old one signs as well, none by default."""
    box = this_sandbox()
    overlap = whole("expires_in", given_object("expires_in").get("expires_in", 0), LONGEST_OVERLAP, least=0)
    with box.transaction():
        endpoint = box.store.get("webhook_endpoint", id)
        if endpoint is None:
            return jsonify(error=f"no endpoint {id}"), 404
        expires_at = roll_secret(box, endpoint, f"whsec_{secrets.token_hex(16)}", overlap)
        return jsonify(secret=endpoint["_secret"], expires_at=expires_at), 200


def roll_secret(box: Sandbox, endpoint: Record, secret: str, overlap: int) -> int:
    """Give an endpoint a new secret; answers until when (virtual unix seconds) the old one signs as well."""
    now = box.clock.now()
    kept = [one for one in endpoint.get("_older_secrets", []) if one["expires_at"] > now]
    older = [{"secret": endpoint["_secret"], "expires_at": now + overlap}, *kept] if overlap else []
    box.store.update(endpoint, _secret=secret, _older_secrets=older)
    return now + overlap


def ordered(records: Records, wish: dict[str, Any]) -> Records:
    """Records, given oldest first, in the ``order`` of a wish; ``shuffle`` follows its ``seed``."""
    order, chance = wish.get("order", "created"), seed(wish)
    if order not in ORDERS:
        raise Refused(f"order: must be one of {', '.join(ORDERS)}")
    if order == "shuffle":
        return random.Random(chance).sample(records, len(records))
    return records[::-1] if order == "reverse" else records


def _since(box: Sandbox, since: Any) -> list[Record]:
    """The events from one on, or from an instant on, oldest first."""
    events = box.store.list("event")[::-1]
    if isinstance(since, int) and not isinstance(since, bool):
        return [event for event in events if event["created"] >= since]
    for position, event in enumerate(events):
        if event["id"] == since:
            return events[position:]
    raise Refused("since: must be the id of an event, or unix seconds")
