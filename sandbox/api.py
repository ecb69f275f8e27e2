"""The doors ``/v1`` and ``/v2`` (where nothing is played): authentication, version, validation, idempotency, dispatch, envelope."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Blueprint, Response, current_app, request

from sandbox import access, browser
from sandbox.core import Origin, Sandbox
from sandbox.encoding import parse
from sandbox.errors import ApiError, unrecognized_url
from sandbox.idempotency import Deed
from sandbox.observation import Visit, without_card_numbers
from sandbox.rendering import envelope, tree
from sandbox.routing import HANDLERS, Call, Handler, Page, Plain
from sandbox.store import new_id

bp = Blueprint("api", __name__)

METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]


@bp.route("/v1/<path:path>", methods=METHODS)
@bp.route("/v2/<path:path>", methods=METHODS)
def serve(path: str) -> Response:
    """Answer one API request; whatever goes wrong comes back in Stripe's error envelope."""
    box: Sandbox = current_app.extensions["sandbox"]
    pairs = (request.form if request.method == "POST" else request.args).items(multi=True)
    visit = Visit(request.method, request.path, {}, new_id("req", 14), request.headers.get("Idempotency-Key"), 0)
    visit.created = box.clock.now()
    replayed = by_browser = False
    try:
        given = parse(pairs)
        visit.params = without_card_numbers(given)
        by_browser = access.check(box, request, given)
        call, handler = _prepare(box, request.method, request.path, given, by_browser)
        status, body, replayed = _perform(call, handler, visit)
    except Exception as fault:
        error = fault if isinstance(fault, ApiError) else _broken(box, visit)
        status, body = error.status, browser.without_secrets(error.body) if by_browser else error.body
        visit.violations.extend(box.inspect(error.body))
        if status in (400, 404) and error.error.get("code") in ("parameter_unknown", "parameter_missing"):
            visit.violations.append(str(error))
    visit.status = status
    box.observation.note(visit)
    if visit.violations:
        box.observation.violation(f"{visit.method} {visit.path}", visit.violations)
    return _response(box, visit, body, replayed)


def _broken(box: Sandbox, visit: Visit) -> ApiError:
    """A fault of the sandbox itself: told on stderr, kept among the violations, and answered as Stripe answers its own."""
    logging.getLogger(__name__).exception("%s %s", visit.method, visit.path)
    visit.violations.append("the sandbox failed; its log has the traceback")
    return ApiError("An unknown error occurred", status=500, type="api_error")


def _prepare(box: Sandbox, method: str, path: str, given: dict[str, Any], by_browser: bool) -> tuple[Call, Handler]:
    """The checked call and who plays it. Nothing is kept under an idempotency key when this fails."""
    match = box.contract.match(method, path)
    handler = HANDLERS.get((method, match[0].path)) if match else None
    if match is None or handler is None:
        raise unrecognized_url(method, path)
    operation, ids = match
    if by_browser:
        browser.unlock(box, operation, ids, given)
    params = box.validator.check(operation.params, given)
    expand = tree(params.pop("expand", None) or [])
    return Call(box, params, ids, path, expand, by_browser, operation.line), handler


def _perform(call: Call, handler: Handler, visit: Visit) -> tuple[int, dict[str, Any], bool]:
    key = visit.idempotency_key
    if visit.method != "POST" or not key:
        return *_run(call, handler, visit, None), False
    deed = Deed(visit.method, visit.path, {**call.params, "expand": call.expand})
    with call.box.idempotency.running(key), call.box.lock:
        kept = call.box.idempotency.find(key, deed)
        if kept:
            return *kept, True
        return *_run(call, handler, visit, deed), False


def _run(call: Call, handler: Handler, visit: Visit, deed: Deed | None) -> tuple[int, dict[str, Any]]:
    box = call.box
    try:
        with box.transaction(Origin(visit.request_id, visit.idempotency_key)):
            body = _answer(call, handler)
            visit.violations.extend(box.inspect(body))
            if call.by_browser:
                body = browser.subset(body)
            if deed and visit.idempotency_key:
                box.idempotency.keep(visit.idempotency_key, deed, 200, body)
        box.observation.exercised[call.line] += 1
        return 200, body
    except ApiError as error:
        if deed and visit.idempotency_key:
            with box.transaction():
                box.idempotency.keep(visit.idempotency_key, deed, error.status, error.body)
        raise


def _answer(call: Call, handler: Handler) -> dict[str, Any]:
    result = handler(call)
    if isinstance(result, Page):
        inner = call.expand.get("data", {})
        return envelope([call.box.render(one, inner) for one in result.records], call.path, result.has_more)
    if isinstance(result, Plain):
        return result.body
    return call.box.render(result, call.expand)


def _response(box: Sandbox, visit: Visit, body: dict[str, Any], replayed: bool) -> Response:
    response = Response(json.dumps(body), status=visit.status, content_type="application/json")
    response.headers["Request-Id"] = visit.request_id
    response.headers["Stripe-Version"] = box.contract.version
    if visit.idempotency_key:
        response.headers["Idempotency-Key"] = visit.idempotency_key
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response
