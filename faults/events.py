"""Events as Stripe would send them: signed by the house's secret, posted to its address."""

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from faults.house import House

PATH = "/webhooks/stripe"
TIMEOUT_SECONDS = 20


def copy(house: House, event_type: str, customer: str, new_id: str, **changed: Any) -> dict[str, Any]:
    """An event like the newest of this type about this customer, under another id. LookupError when there is none."""
    for event in house.sandbox("GET", "events?limit=20000")["data"]:
        data = event["data"]["object"]
        if event["type"] == event_type and customer in (data.get("customer"), data["id"]):
            kept = {name: value for name, value in event.items() if name != "deliveries"}
            return kept | {"id": new_id} | changed
    raise LookupError(f"no {event_type} of {customer}")


def about(house: House, customer: str) -> list[dict[str, Any]]:
    """All that was said about a customer and what is theirs, oldest first, as it is sent."""
    found = house.sandbox("GET", "events?limit=20000")["data"]
    mine = [one for one in found if customer in (one["data"]["object"].get("customer"), one["data"]["object"]["id"])]
    return [{name: value for name, value in one.items() if name != "deliveries"} for one in reversed(mine)]


def post_all(house: House, events: Sequence[dict[str, Any]], at_once: int = 8) -> tuple[list[int], list[float]]:
    """Send them, so many side by side; answers each one's status, and the seconds that took."""

    def send(event: dict[str, Any]) -> tuple[int, float]:
        began = time.monotonic()
        return post(house, event), time.monotonic() - began

    with ThreadPoolExecutor(at_once) as senders:
        answers = list(senders.map(send, events))
    return [status for status, _ in answers], [seconds for _, seconds in answers]


def post(
    house: House,
    event: dict[str, Any] | bytes,
    *,
    url: str | None = None,
    secret: str | None = None,
    skew: int = 0,
) -> int:
    """Send it, signed `skew` seconds from now; answers the status. requests.RequestException when the connection broke."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    stamp = str(int(time.time()) + skew)
    key = (secret or house.stack.webhook_secret).encode()
    digest = hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "Stripe-Signature": f"t={stamp},v1={digest}",
        "Host": house.host,
    }
    return requests.post((url or house.url) + PATH, body, headers=headers, timeout=TIMEOUT_SECONDS).status_code
