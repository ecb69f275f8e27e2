"""The door ``/_sandbox``: turn the clock, reset, look at the log and at violations. Loopback only, JSON.

Webhooks and faults are controlled in ``control_webhooks`` and ``chaos.routes``.
"""

from __future__ import annotations

import dataclasses
import json
from ipaddress import ip_address

from flask import Blueprint, Response, abort, current_app, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from sandbox.billing import settings
from sandbox.billing.invoices import discounts
from sandbox.billing.payments import methods
from sandbox.core import Sandbox
from sandbox.errors import ApiError
from sandbox.routing import HANDLERS
from sandbox.wishes import LATEST, Refused, given_object, records, target, whole

PREFIX = "/_sandbox"

bp = Blueprint("control", __name__, url_prefix=PREFIX)


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


@bp.app_errorhandler(HTTPException)
def tell(error: HTTPException) -> HTTPException | AnyResponse:
    """Behind this door even an unknown address is answered in JSON."""
    if not request.path.startswith(PREFIX):
        return error
    answer = error.get_response()
    answer.content_type, answer.data = "application/json", json.dumps({"error": error.description})
    return answer


@bp.get("/clock")
def show_clock() -> Response:
    return jsonify(now=this_sandbox().clock.now())


@bp.post("/clock")
def turn_clock() -> Response:
    """``{"by": "1 month" | "<seconds>"}``, ``{"to": unix}`` or ``{"to": "next"}``."""
    box = this_sandbox()
    with box.lock:
        try:
            count = box.clock.advance(target(box, given_object("by", "to")))
        except ValueError as error:
            raise Refused(str(error)) from None
        return jsonify(now=box.clock.now(), events=count)


@bp.post("/reset")
def reset() -> Response:
    """A fresh store; keys and endpoints stay. ``{"now": unix}`` sets the clock, ``{"records": [...]}`` of a snapshot return."""
    box, wish = this_sandbox(), given_object("now", "records")
    now = whole("now", wish["now"], LATEST, least=0) if "now" in wish else None
    box.reset(now, records(box.contract, wish.get("records", [])))
    return jsonify(now=box.clock.now())


@bp.get("/snapshot")
def take_snapshot() -> Response:
    """``?types=product,price``: their records, for a later reset to begin with."""
    box, types = this_sandbox(), request.args.get("types", "").split(",")
    for name in types:
        if name not in box.contract.schemas:
            raise Refused(f"types: {name or 'nothing'} is no type of object, as product or price is")
    return jsonify(records=box.snapshot(types))


@bp.post("/payment_methods/<id>/renew")
def renew_card(id: str) -> tuple[Response, int]:
    """The bank sends the customer a new card; the payment method shows its expiry from now on."""
    box = this_sandbox()
    given_object()
    with box.transaction():
        method = box.store.get("payment_method", id)
        if method is None:
            return jsonify(error=f"no payment method {id}"), 404
        methods.renew_card(box, method)
        return jsonify(box.render(method)), 200


@bp.post("/customers/<id>/discount")
def give_discount(id: str) -> tuple[Response, int]:
    """``{"coupon": id}`` or ``{"promotion_code": id}`` for all a customer pays, as Stripe's Dashboard gives one: the API cannot."""
    box, wish = this_sandbox(), given_object("coupon", "promotion_code")
    for name, value in wish.items():
        if not isinstance(value, str):
            raise Refused(f"{name}: must be an id")
    with box.transaction():
        customer = box.store.get("customer", id)
        if customer is None:
            return jsonify(error=f"no customer {id}"), 404
        try:
            return jsonify(box.render(discounts.give(box, customer, wish))), 200
        except ApiError as error:
            raise Refused(str(error)) from None


@bp.get("/billing")
def show_billing() -> Response:
    return jsonify(settings.of(this_sandbox()))


@bp.post("/billing")
def set_billing() -> Response:
    """``{"retries": [3, 5, 7], "after_retries": "cancel", …}``: what the wish does not name stays as it is."""
    box, wish = this_sandbox(), given_object(*settings.DEFAULTS)
    with box.transaction():
        try:
            settings.change(box, wish)
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
