"""The pages and scripts that run in a customer's browser; they hold no secret and trust none of their parameters."""

from secrets import compare_digest, token_urlsafe
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request

from sandbox.core import Sandbox
from sandbox.hosted.bundles import bundle, fingerprint
from sandbox.hosted.money import written
from sandbox.store import Record

bp = Blueprint(
    "hosted", __name__, static_folder="static", static_url_path="/hosted/static", template_folder="templates"
)

INTENT_TYPES = {"pi": "payment_intent", "seti": "setup_intent"}


@bp.get("/stripe.js")
def stripe_js() -> Response:
    """The script that defines ``Stripe``, for pages of any origin."""
    return _script("stripe")


@bp.get("/hosted/<any(element, challenge):name>.js")
def frame_script(name: str) -> Response:
    """The script of one of the two framed documents."""
    return _script(name)


@bp.get("/hosted/payment-element")
def payment_element() -> Response:
    """The document with the card fields. It learns everything else from the page that embeds it, over its port."""
    return _document("hosted/payment_element.html", now=_box().clock.now())


@bp.get("/hosted/3ds/<intent_id>")
def challenge(intent_id: str) -> Response:
    """The issuer's question about one intent; whoever asks must show its client secret.

    In a frame it answers to the page around it. As a page of its own it sends the customer back to ``return_url``,
    else to the one the intent was confirmed with.
    """
    secret = request.args.get("client_secret", "")
    intent = _intent(intent_id)
    if intent is None or not compare_digest(secret.encode(), str(intent["client_secret"]).encode()):
        abort(404)
    return _document(
        "hosted/challenge.html",
        amount=written(intent["amount"], intent["currency"]) if "amount" in intent else None,
        card=_card(intent),
        key=_box().publishable_key,
        over=intent["status"] != "requires_action",
        return_to=_return_address(intent),
        secret=secret,
    )


def _box() -> Sandbox:
    box: Sandbox = current_app.extensions["sandbox"]
    return box


def _intent(intent_id: str) -> Record | None:
    kind = INTENT_TYPES.get(intent_id.partition("_")[0])
    return _box().store.get(kind, intent_id) if kind else None


def _card(intent: Record) -> Record | None:
    method = intent["payment_method"]
    found = _box().store.get("payment_method", method) if method else None
    return found["card"] if found else None


def _return_address(intent: Record) -> str:
    """Where a full page returns to; only web addresses, for the browser will be sent there."""
    redirect = (intent["next_action"] or {}).get("redirect_to_url") or {}
    address = request.args.get("return_url") or redirect.get("return_url") or ""
    return address if urlsplit(address).scheme in {"http", "https"} else ""


def _script(name: str) -> Response:
    response = make_response(bundle(name))
    response.content_type = "text/javascript; charset=utf-8"
    response.set_etag(fingerprint(name))
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.make_conditional(request)
    return response


def _document(template: str, **values: object) -> Response:
    """A page that any site may frame, that loads only its own script and style, and that sends no referrer."""
    nonce = token_urlsafe(16)
    response = make_response(render_template(template, nonce=nonce, **values))
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors *"
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
