"""The doorman: verify, write down, ring the bell, say thank you."""

from flask import Blueprint, request

from app.core.extensions import limiter
from app.core.logs import log
from app.gateway import events

from . import service

MAX_BYTES = 512 * 1024

bp = Blueprint("webhooks", __name__)
limiter.exempt(bp)  # a limit by address would turn a burst of Stripe's away; size and signature are the limits


@bp.post("/webhooks/stripe")
def stripe() -> tuple[str, int]:
    """200 once the event is committed to the inbox; 400 without a row for anything not verifiably Stripe's."""
    request.max_content_length = MAX_BYTES
    try:
        event = events.verify(request.get_data(cache=False), request.headers.get("Stripe-Signature", ""))
    except events.BadEvent as error:
        log.warning("webhook refused", reason=str(error))
        return str(error), 400
    service.receive(event)
    return "", 200
