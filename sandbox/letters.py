"""A webhook as it goes out: the event in the shape of its endpoint's API version, signed with the endpoint's secrets.

While a secret is rolled the old one signs too, until its time on the sandbox's clock is up. The timestamp in the signature
is machine time, because receivers compare it with their own clock.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.shapes import in_version
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

FORGED = "whsec_of_somebody_else"
"""What signs a webhook that is to fail the check."""


@dataclass(frozen=True)
class Letter:
    """One request to an endpoint."""

    url: str
    body: bytes
    headers: dict[str, str]


def write(box: Sandbox, delivery: Record, endpoint: Record) -> Letter:
    """The next try of a delivery."""
    event = box.render(box.store.need("event", delivery["event"]))
    # What a fault does to the contents it does to the first try; the retry is right.
    fault = delivery if not delivery["tries"] else {}
    event["created"] -= delivery.get("backdated", 0)
    version = fault.get("api_version") or endpoint["api_version"] or box.contract.version
    body = json.dumps(in_version(box, event, version)).encode()
    secrets = [FORGED] if fault.get("missigned") else valid_secrets(endpoint, box.clock.now())
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signature(body, secrets[0], int(time.time()), *secrets[1:]),
    }
    return Letter(endpoint["url"], body, headers)


def signature(body: bytes, secret: str, timestamp: int, *others: str) -> str:
    """The ``Stripe-Signature`` header: for each secret HMAC-SHA256 over ``timestamp.body``, keyed with the whole secret."""
    signed = f"{timestamp}.".encode() + body
    digests = (hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in (secret, *others))
    return ",".join([f"t={timestamp}", *(f"v1={digest}" for digest in digests)])


def valid_secrets(endpoint: Record, now: int) -> list[str]:
    """What signs for an endpoint: its secret, and those that were rolled lately; ``now`` is virtual time."""
    older = endpoint.get("_older_secrets", [])
    return [endpoint["_secret"], *(one["secret"] for one in older if one["expires_at"] > now)]
