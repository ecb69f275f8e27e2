"""The doors ``/v1`` and ``/v2`` (where nothing is played): authentication, version, validation, idempotency, dispatch, envelope."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from flask import Blueprint, Response, current_app, request

from sandbox import access, browser
from sandbox.chaos.calls import Strike
from sandbox.chaos.transport import SPOIL
from sandbox.core import Origin, Sandbox
from sandbox.encoding import pairs, parse
from sandbox.errors import ApiError, unrecognized_url
from sandbox.expansion import of_entries, tree
from sandbox.idempotency import Deed
from sandbox.observation import Visit, without_card_numbers
from sandbox.ownership import test_clock_meant
from sandbox.rendering import envelope
from sandbox.routing import HANDLERS, Call, Handler, Page, Plain
from sandbox.store import Record, new_id
from sandbox.timed.test_clocks import refuse_while_advancing
from sandbox.unplayed import UNPLAYED

bp = Blueprint("api", __name__)

METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]


@bp.route("/v1/", defaults={"path": ""}, methods=METHODS)
@bp.route("/v1/<path:path>", methods=METHODS)
@bp.route("/v2/<path:path>", methods=METHODS)
def serve(path: str) -> Response:
    """Answer one API request; whatever goes wrong comes back in Stripe's error envelope."""
    box: Sandbox = current_app.extensions["sandbox"]
    visit = Visit(request.method, request.path, {}, new_id("req", 14), request.headers.get("Idempotency-Key"), 0)
    visit.created, begun = box.clock.now(), time.monotonic()
    by_browser, strike = False, None
    try:
        given = parse(pairs(request))
        visit.params = without_card_numbers({name: value for name, value in given.items() if name != "key"})
        by_browser = access.check(box, request, given)
        call, handler = _prepare(box, request.method, request.path, given, by_browser)
        strike = _strike(call, visit)
        status, body, visit.original = _perform(call, handler, visit, strike)
    except Exception as fault:
        error = fault if isinstance(fault, ApiError) else _broken(box, visit)
        status, body = error.status, _told(error, by_browser)
        visit.violations.extend(box.inspect(error.body))
        if status in (400, 404) and error.error.get("code") in ("parameter_unknown", "parameter_missing"):
            visit.violations.append(str(error))
    visit.status, visit.duration = status, time.monotonic() - begun
    box.observation.note(visit)
    if visit.violations:
        box.observation.violation(f"{visit.method} {visit.path}", visit.violations)
    response = _response(box, visit, body)
    return _spoiled(strike, visit, response) if strike else response


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
        raise unrecognized_url(method, path, UNPLAYED.get(match[0].line) if match else None)
    operation, ids = match
    if by_browser:
        browser.unlock(box, operation, ids, given)
    params = box.validator.check(operation, given)
    expand = tree(params.pop("expand", None) or [])
    return Call(box, params, ids, path, expand, by_browser, operation.line), handler


def _strike(call: Call, visit: Visit) -> Strike | None:
    """What the plan of faults has for this call; noted, and raised if the call is not to be carried out at all."""
    strike = call.box.chaos.on_call(call, visit.method)
    if strike:
        visit.fault = strike.fault.kind
    return strike


def _spoiled(strike: Strike, visit: Visit, response: Response) -> Response:
    """The answer as the fault lets it leave."""
    begun = time.monotonic()
    spoiled = strike.spoil(response)
    visit.status, visit.duration = strike.status(visit.status), visit.duration + time.monotonic() - begun
    if strike.manner:
        request.environ[SPOIL] = strike.manner
    return spoiled


def _perform(
    call: Call, handler: Handler, visit: Visit, strike: Strike | None
) -> tuple[int, dict[str, Any], str | None]:
    """Status, body and, when it is the answer to an earlier request, that one's id."""
    if strike:
        strike.forestall()
    loss = strike.loss if strike else None
    key = visit.idempotency_key
    if visit.method != "POST" or not key:
        with call.box.lock:
            return *_run(call, handler, visit, None, loss), None
    deed = Deed(key, visit.path, {**call.params, "expand": call.expand})
    with call.box.idempotency.running(key), call.box.lock:
        kept = call.box.idempotency.find(deed)
        if kept:
            return kept
        return *_run(call, handler, visit, deed, loss), None


def _run(
    call: Call, handler: Handler, visit: Visit, deed: Deed | None, loss: ApiError | None
) -> tuple[int, dict[str, Any]]:
    """Carry out a call at the time of the customer it is about, and keep the answer under its key.

    ``loss`` is answered and kept in place of the true answer.
    """
    box, status = call.box, 200
    test_clock = test_clock_meant(box, call.ids, call.params)
    if visit.method != "GET":
        refuse_while_advancing(box, test_clock)
    try:
        with box.transaction(Origin(visit.request_id, visit.idempotency_key)):
            try:
                with box.clock.of(test_clock):
                    body = _rendered(call, handler(call))
            except ApiError as error:
                if error.keep:  # what was written stays, and so must the answer at the same stroke
                    _keep(call, visit, deed, loss or error)
                raise
            visit.violations.extend(box.inspect(body))
            if call.by_browser:
                body = browser.subset(body)
            if loss:
                status, body = loss.status, loss.body
            if deed:
                box.idempotency.keep(deed, visit.request_id, status, body)
        box.observation.exercised[call.line] += 1
        return status, body
    except Exception as fault:
        problem = loss or (fault if isinstance(fault, ApiError) else _broken(box, visit))
        if deed and not (isinstance(fault, ApiError) and fault.keep):
            with box.transaction():
                _keep(call, visit, deed, problem)
        raise problem from None


def _keep(call: Call, visit: Visit, deed: Deed | None, error: ApiError) -> None:
    if deed:
        call.box.idempotency.keep(deed, visit.request_id, error.status, _told(error, call.by_browser))


def _told(error: ApiError, by_browser: bool) -> dict[str, Any]:
    return browser.without_secrets(error.body) if by_browser else error.body


def _rendered(call: Call, result: Record | Page | Plain) -> dict[str, Any]:
    if isinstance(result, Page):
        inner = of_entries(call.expand)
        return envelope([call.box.render(one, inner) for one in result.records], call.path, result.has_more)
    if isinstance(result, Plain):
        return result.body
    return call.box.render(result, call.expand)


def _response(box: Sandbox, visit: Visit, body: dict[str, Any]) -> Response:
    response = Response(json.dumps(body), status=visit.status, content_type="application/json")
    response.headers["Request-Id"] = visit.request_id
    response.headers["Stripe-Version"] = box.contract.version
    if visit.idempotency_key:
        response.headers["Idempotency-Key"] = visit.idempotency_key
    if visit.original:
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = visit.original
    return response
