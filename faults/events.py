"""Events as Stripe would send them: signed by the house's secret, posted to its address."""

import hashlib
import hmac
import json
import time
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


def post(house: House, event: dict[str, Any] | bytes, *, url: str | None = None, secret: str | None = None) -> int:
    """Send it, signed now; answers the status. requests.RequestException when the connection broke."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    stamp = str(int(time.time()))
    key = (secret or house.stack.webhook_secret).encode()
    digest = hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "Stripe-Signature": f"t={stamp},v1={digest}",
        "Host": house.host,
    }
    return requests.post((url or house.url) + PATH, body, headers=headers, timeout=TIMEOUT_SECONDS).status_code
