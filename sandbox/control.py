"""The door ``/_sandbox``: turn the clock, reset, look at the log and at violations. Loopback only, JSON.

Webhooks and faults are controlled in ``control_webhooks`` and ``chaos.routes``.
"""

from __future__ import annotations

import dataclasses
import re
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request

from sandbox.billing import settings
from sandbox.billing.invoices import discounts
from sandbox.billing.payments import methods
from sandbox.billing.subscriptions.periods import add
from sandbox.core import Sandbox
from sandbox.errors import ApiError
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
    return jsonify(now=this_sandbox().clock.now())


@bp.post("/clock")
def turn_clock() -> Response:
    """``{"by": "1 month" | "<seconds>"}``, ``{"to": unix}`` or ``{"to": "next"}``."""
    box = this_sandbox()
    with box.lock:
        try:
            count = box.clock.advance(target(box, given_object()))
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
    wish = given_object()
    this_sandbox().reset(wish.get("now"), wish.get("records", ()))
    return jsonify(now=this_sandbox().clock.now())


@bp.get("/snapshot")
def take_snapshot() -> Response:
    """``?types=product,price``: their records, for a later reset to begin with."""
    return jsonify(records=this_sandbox().snapshot(request.args.get("types", "").split(",")))


@bp.post("/payment_methods/<id>/renew")
def renew_card(id: str) -> tuple[Response, int]:
    """The bank sends the customer a new card; the payment method shows its expiry from now on."""
    box = this_sandbox()
    with box.transaction():
        method = box.store.get("payment_method", id)
        if method is None:
            return jsonify(error=f"no payment method {id}"), 404
        methods.renew_card(box, method)
        return jsonify(box.render(method)), 200


@bp.post("/customers/<id>/discount")
def give_discount(id: str) -> tuple[Response, int]:
    """``{"coupon": id}`` or ``{"promotion_code": id}`` for all a customer pays, as Stripe's Dashboard gives one: the API cannot."""
    box = this_sandbox()
    with box.transaction():
        customer = box.store.get("customer", id)
        if customer is None:
            return jsonify(error=f"no customer {id}"), 404
        try:
            return jsonify(box.render(discounts.give(box, customer, given_object()))), 200
        except ApiError as error:
            raise Refused(str(error)) from None


@bp.get("/billing")
def show_billing() -> Response:
    return jsonify(settings.of(this_sandbox()))


@bp.post("/billing")
def set_billing() -> Response:
    """``{"retries": [3, 5, 7], "after_retries": "cancel", …}``: what the wish does not name stays as it is."""
    box = this_sandbox()
    with box.transaction():
        try:
            settings.change(box, given_object())
        except ValueError as error:
            raise Refused(str(error)) from None
        return jsonify(settings.of(box))


@bp.get("/log")
def show_log() -> Response:
    return jsonify(data=[dataclasses.asdict(visit) for visit in list(this_sandbox().observation.visits)])


@bp.get("/operations")
def show_operations() -> Response:
    """How often each operation was answered with success since the process started, and all that are played."""
    played = sorted(f"{method} {path}" for method, path in HANDLERS)
    return jsonify(data=dict(this_sandbox().observation.exercised), played=played)


@bp.get("/violations")
def show_violations() -> Response:
    return jsonify(data=list(this_sandbox().observation.violations))


def this_sandbox() -> Sandbox:
    """The sandbox that a request is about."""
    box: Sandbox = current_app.extensions["sandbox"]
    return box


def given_object() -> dict[str, Any]:
    """The JSON object that was sent; nothing counts as an empty one."""
    given = request.get_json(silent=True) or {}
    if not isinstance(given, dict):
        raise Refused("send a JSON object")
    return given
