"""Verify a webhook: signature, age in both directions, and a body that is an event at all."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe
from flask import current_app

from app.core import clock
from app.core.errors import PortalError
from app.core.logs import log

from . import listing
from .client import client
from .listing import Page

TOLERANCE_SECONDS = 300


class BadEvent(PortalError):
    """Not from Stripe, too old, from the future, or no event; nothing is stored."""

    code = "bad_event"

    def __init__(self, why: str) -> None:
        super().__init__(why)


@dataclass(frozen=True)
class EventRecord:
    """A received event: `object_id` is None for the few objects that have no id of their own, `customer` where it is not said."""

    event_id: str
    type: str
    api_version: str | None
    livemode: bool
    created_at: datetime
    object_type: str
    object_id: str | None
    customer: str | None
    account: str | None
    payload: dict[str, Any]


def verified(body: bytes, header: str) -> str:
    """The JSON in `body`, as PostgreSQL takes it, when one of our signing secrets made `header` within five minutes.

    Raises BadEvent.
    """
    return _storable(_signed_text(body, header))


def page(after: str | None, since: datetime, *, undelivered: bool = False) -> Page[EventRecord]:
    """What happened from `since` on (Stripe's time, which forgets after 30 days), newest first.

    `undelivered`: only what some endpoint of the account has not taken, or not yet.
    """
    query = {"delivery_success": False} if undelivered else {}
    found = listing.fetch(client().v1.events.list, _listed, after=after, since=since, **query)
    return Page(tuple(event for event in found.records if event is not None), found.after)


def _listed(event: stripe.Event) -> EventRecord | None:
    try:
        return parse(_storable(json.dumps(event.to_dict(), default=str)))
    except BadEvent:  # one of many, and the comparison of objects does not depend on it
        log.warning("event in a list not understood", event_id=event.id)
        return None


def parse(text: str) -> EventRecord:
    """Raises BadEvent."""
    try:
        payload = json.loads(text, parse_constant=_refuse)
        data = payload["data"]["object"]
        return EventRecord(
            event_id=str(payload["id"]),
            type=str(payload["type"]),
            api_version=payload.get("api_version"),
            livemode=bool(payload.get("livemode")),
            created_at=datetime.fromtimestamp(int(payload["created"]), UTC),
            object_type=str(data.get("object", "")),
            object_id=_id(data.get("id")),
            customer=_customer(data),
            account=_id(payload.get("account")),
            payload=payload,
        )
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise BadEvent("The body is not an event.") from error


def _id(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("an id is text")
    return value


def _customer(data: dict[str, Any]) -> str | None:
    """Whose object it is, as far as the event itself says: an id, or the customer in whole."""
    customer = data if data.get("object") == "customer" else data.get("customer")
    return _id(customer.get("id") if isinstance(customer, dict) else customer)


def _storable(text: str) -> str:
    """PostgreSQL's JSON has no NUL; an event is a hint, so it may lose it."""
    return text.replace("\\u0000", "")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _signed_text(body: bytes, header: str) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadEvent("The body is not UTF-8.") from error
    for secret in current_app.extensions["settings"].stripe_webhook_secret:
        try:
            stripe.WebhookSignature.verify_header(text, header, secret.get_secret_value(), TOLERANCE_SECONDS)
        except stripe.SignatureVerificationError:
            continue
        if _timestamp(header) > clock.wall().timestamp() + TOLERANCE_SECONDS:
            raise BadEvent("The signature is from the future.")  # the SDK only refuses the past
        return text
    raise BadEvent("The signature does not fit.")


def _timestamp(header: str) -> float:
    stamps = [item.removeprefix("t=") for item in header.split(",") if item.startswith("t=")]
    return max(float(stamp) for stamp in stamps)
