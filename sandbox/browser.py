"""What a page may do with the publishable key: the routes Stripe.js calls, CORS for them, and less in the answers.

``POST /_browser/3ds/<intent_id>`` (form or JSON: ``client_secret``, ``outcome=complete|fail``) ends an authentication.
It answers ``{"intent": {…}, "return_url": …}``; after ``fail`` the intent carries its ``last_payment_error`` or
``last_setup_error``. It needs no key: the client secret is the permission.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, jsonify, request

from sandbox.billing.payments import authentication
from sandbox.errors import ApiError, invalid
from sandbox.ownership import test_clock_of
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.contract import Operation
    from sandbox.core import Sandbox

bp = Blueprint("browser", __name__)

ROUTES = {
    ("POST", "/v1/payment_methods"),
    ("GET", "/v1/payment_intents/{intent}"),
    ("GET", "/v1/setup_intents/{intent}"),
    ("POST", "/v1/payment_intents/{intent}/confirm"),
    ("POST", "/v1/setup_intents/{intent}/confirm"),
}
EXTRAS = ("client_secret", "expected_payment_method_type", "payment_user_agent", "guid", "muid", "sid")
"""Parameters Stripe.js sends that the server-side contract does not have."""

VISIBLE = {
    "payment_intent": [
        "id",
        "object",
        "amount",
        "automatic_payment_methods",
        "canceled_at",
        "cancellation_reason",
        "capture_method",
        "client_secret",
        "confirmation_method",
        "created",
        "currency",
        "description",
        "last_payment_error",
        "livemode",
        "next_action",
        "payment_method",
        "payment_method_types",
        "receipt_email",
        "setup_future_usage",
        "shipping",
        "status",
    ],
    "setup_intent": [
        "id",
        "object",
        "automatic_payment_methods",
        "cancellation_reason",
        "client_secret",
        "created",
        "description",
        "last_setup_error",
        "livemode",
        "next_action",
        "payment_method",
        "payment_method_types",
        "status",
        "usage",
    ],
}


def subset(shown: dict[str, Any]) -> dict[str, Any]:
    """What a page sees of an object: of intents neither customer nor metadata."""
    visible = VISIBLE.get(shown["object"])
    return {key: shown[key] for key in visible if key in shown} if visible else shown


def without_secrets(body: dict[str, Any]) -> dict[str, Any]:
    """An error for a page: the intent in it is as small as one answered directly."""
    intents = {name: subset(value) for name, value in body["error"].items() if name in VISIBLE}
    return {"error": {**body["error"], **intents}}


def unlock(box: Sandbox, operation: Operation, ids: dict[str, str], given: dict[str, Any]) -> None:
    """Check route and client secret of a request made with the publishable key; strips what only Stripe.js sends."""
    if (operation.method, operation.path) not in ROUTES:
        message = "This API call cannot be made with a publishable API key. Please use a secret API key."
        raise ApiError(message, status=403, code="secret_key_required")
    secret = given.get("client_secret", "")
    for name in EXTRAS:
        given.pop(name, None)
    if "intent" in ids:
        _intent(box, ids["intent"], secret)


def _intent(box: Sandbox, id: str, secret: str) -> Record:
    intent = box.store.need("payment_intent" if id.startswith("pi_") else "setup_intent", id, "intent")
    if not hmac.compare_digest(intent["client_secret"].encode(), str(secret).encode()):
        message = "The client_secret provided does not match any associated intent on this account."
        raise invalid(message, "client_secret", "payment_intent_invalid_parameter")
    return intent


@bp.post("/_browser/3ds/<id>")
def end_authentication(id: str) -> tuple[Response, int]:
    """The customer pressed "complete" or "fail" on the 3-D Secure page."""
    box: Sandbox = current_app.extensions["sandbox"]
    given: dict[str, Any] = request.get_json(silent=True) or request.values.to_dict()
    try:
        if given.get("outcome") not in ("complete", "fail"):
            raise invalid("Invalid outcome: must be one of complete, fail", "outcome")
        with box.transaction():
            intent = _intent(box, id, given.get("client_secret", ""))
            return_url = authentication.return_url(intent)
            with box.clock.of(test_clock_of(box, intent)):
                authentication.finish(box, intent, passed=given["outcome"] == "complete")
            return jsonify(intent=subset(box.render(intent)), return_url=return_url), 200
    except ApiError as error:
        return jsonify(error.body), error.status


@bp.after_app_request
def allow_any_origin(response: Response) -> Response:
    """Stripe.js runs on the pages of others, so every origin may call what a browser may call."""
    if request.path.startswith(("/v1/", "/_browser/")):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "Request-Id, Stripe-Version"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
            response.headers["Access-Control-Allow-Headers"] = (
                "Authorization, Content-Type, Stripe-Version, Idempotency-Key"
            )
            response.headers["Access-Control-Max-Age"] = "600"
    return response
