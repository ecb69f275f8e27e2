"""The event log: what happened, as frozen snapshots, and to whom it must be told.

Assumption: nothing in a snapshot is expanded, and "includable" fields (``invoice.payments``…) are absent from it.
Simplification: events are never dropped after 30 days.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sandbox.snapshots import Freezer
from sandbox.store import Record, Records, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

NAMES = {"subscription": "customer.subscription", "tax_id": "customer.tax_id", "dispute": "charge.dispute"}
"""Where the event prefix differs from the object's type."""


class Events:
    """Records events and hands them out."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._freezer = Freezer()

    def list(self, limit: int = 100) -> Records:
        """The latest events, newest first."""
        with self._box.reading:
            return self._box.store.list("event")[:limit]

    def get(self, id: str) -> Record | None:
        return self._box.store.get("event", id)

    def deliveries(self, event_id: str) -> Records:
        """The deliveries of an event, oldest first: ``{id, endpoint, status, tries, last_status, last_error, next_at}``.

        ``status`` is ``pending``, ``waiting`` (for the clock, until ``due``), ``held`` (until released), ``delivered``,
        ``failed`` (given up) or ``dropped``; ``next_at`` is machine time. ``faults`` names what struck it.
        """
        with self._box.reading:
            return self._box.store.of("_delivery", "event", event_id)

    def send_again(self, event_id: str, times: int = 1) -> Records:
        """Deliver an event again to every endpoint that wants it, whatever happened before; no fault strikes these."""
        with self._box.transaction():
            event = self._box.store.need("event", event_id)
            deliveries = [
                self._box.store.add(_delivery(event, one)) for _ in range(times) for one in self._wanting(event)
            ]
            self.count_pending(event_id)
            return deliveries

    def record(self, name: str, record: Record, previous: dict[str, Any] | None = None) -> Record:
        """Write down that ``name`` (e.g. ``invoice.paid``) happened to a record."""
        return self.record_snapshot(name, self._box.render(record), previous)

    def record_snapshot(self, name: str, snapshot: dict[str, Any], previous: dict[str, Any] | None = None) -> Record:
        """Like :meth:`record`, for an object that is not stored (an upcoming invoice)."""
        data = {"object": snapshot} if previous is None else {"object": snapshot, "previous_attributes": previous}
        event = self._box.store.add(
            {
                "id": new_id("evt"),
                "object": "event",
                "api_version": self._box.contract.version,
                "created": self._box.clock.now(),
                "data": self._freezer.freeze(data),
                "livemode": False,
                "pending_webhooks": 0,
                "request": self._box.origin.shown,
                "type": name,
            }
        )
        problems = self._box.inspect(snapshot)
        if problems or name not in self._box.contract.event_types:
            self._box.observation.violation(f"event {name}", problems or ["the contract has no such event"])
        self._address(event)
        return event

    @contextmanager
    def updating(self, record: Record) -> Iterator[None]:
        """Record ``….updated`` with ``previous_attributes`` if the block changes what the API shows of a record."""
        before = self._box.render(record)
        yield
        self.record_update(record, before)

    def record_update(self, record: Record, before: dict[str, Any]) -> None:
        """Record ``….updated`` if a record no longer looks as it did."""
        after = self._box.render(record)
        previous = difference(before, after)
        if previous:
            name = NAMES.get(record["object"], record["object"])
            self.record_snapshot(f"{name}.updated", after, previous)

    def frozen(self, event: Record) -> Record:
        """An event that was written out in plain, as it is kept in memory."""
        return {**event, "data": self._freezer.freeze(event["data"])}

    def ensure_endpoint(self, url: str | None, secret: str | None) -> None:
        """Register the endpoint given at the start. A restart with another address moves it, with what it still waits for."""
        if url is None:
            return
        known = next((one for one in self._box.store.list("webhook_endpoint") if one.get("_given")), None)
        secret = secret or f"whsec_{secrets.token_hex(16)}"
        if known is None:
            self._box.store.add({**endpoint(self._box, url, ["*"], secret), "_given": True})
        elif (known["url"], known["_secret"]) != (url, secret):
            self._box.store.update(known, url=url, _secret=secret)

    def restored(self, endpoints: Records) -> Records:
        """Endpoints as a reset leaves them: the one given at the start is again as it was given, the others as they are."""
        settings = self._box.settings
        if settings.webhook_url is None:
            return endpoints
        known = next((one for one in endpoints if one.get("_given")), {})
        secret = settings.webhook_secret or known.get("_secret") or f"whsec_{secrets.token_hex(16)}"
        given = {**endpoint(self._box, settings.webhook_url, ["*"], secret), "_given": True}
        given["id"] = known.get("id", given["id"])
        return [given, *(one for one in endpoints if one is not known)]

    def count_pending(self, event_id: str) -> None:
        """Set ``pending_webhooks``: how many endpoints have not answered an event with 2xx yet, or never will."""
        event = self._box.store.need("event", event_id)
        deliveries = self._box.store.of("_delivery", "event", event_id)
        reached = {one["endpoint"] for one in deliveries if one["status"] == "delivered"}
        pending = len({one["endpoint"] for one in deliveries} - reached)
        if pending != event["pending_webhooks"]:
            self._box.store.update(event, pending_webhooks=pending)

    def _address(self, event: Record) -> None:
        for endpoint in self._wanting(event):
            for delivery in self._box.chaos.on_delivery(event, _delivery(event, endpoint)):
                self._box.store.add(delivery)
        self.count_pending(event["id"])

    def _wanting(self, event: Record) -> Records:
        return [one for one in reversed(self._box.store.list("webhook_endpoint")) if wants(one, event["type"])]


def endpoint(box: Sandbox, url: str, enabled_events: list[str], secret: str) -> Record:
    """A webhook endpoint that is not stored yet."""
    return {
        **box.contract.blank("webhook_endpoint"),
        "id": new_id("we"),
        "api_version": box.contract.version,
        "created": box.clock.now(),
        "enabled_events": enabled_events,
        "metadata": {},
        "status": "enabled",
        "url": url,
        "_secret": secret,
    }


def is_address(url: str) -> bool:
    """Whether an endpoint can be there: a full web address as it is sent; unlike at Stripe it may well be on this machine."""
    try:
        parts = urlsplit(url.encode("ascii").decode())
        (parts.hostname or "").encode("idna")  # no part of a host's name has more than 63 letters
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a letter that needs encoding, or brackets or a port that make no sense
        return False
    return fits and not any(character.isspace() for character in url)


def wants(endpoint: Record, event_type: str) -> bool:
    """Whether an endpoint is to be told about events of that type."""
    enabled = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in enabled or event_type in enabled)


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The old values of what changed: nested objects by key, arrays whole. A key that is new counts as null before."""
    previous = {}
    for key, new in after.items():
        old = before.get(key)
        if old == new:
            continue
        nested = isinstance(old, dict) and isinstance(new, dict)
        previous[key] = difference(old, new) if nested else old  # type: ignore[arg-type]  # narrowed by `nested`
    previous.update({key: old for key, old in before.items() if key not in after})
    return previous


def _delivery(event: Record, endpoint: Record) -> Record:
    return {
        "id": new_id("dlv"),
        "object": "_delivery",
        "event": event["id"],
        "endpoint": endpoint["id"],
        "status": "pending",
        "tries": 0,
        "next_at": time.time(),
        "last_status": None,
        "last_error": None,
    }
