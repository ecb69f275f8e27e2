"""Webhook delivery: signed, in the background, in order, with retries that survive a restart.

Each endpoint has its own thread, so that a slow one does not hold up the others. Deliveries go out in the order of their
events; one that fails is tried again later and does not block those behind it. Time here is machine time, also in the
signature, because receivers compare it with their own clock.
Simplification: Stripe delays the finalization of an invoice while its ``invoice.created`` is unanswered; here it does not.
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import http.client
import itertools
import json
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

FIRST_PAUSES = (1, 3, 10, 60)
LATER_PAUSE = 600
GIVE_UP_AFTER = 3 * 86400
TIMEOUT = 10
FORGET_WAITS = 2
"""All in seconds of machine time."""


def signature(body: bytes, secret: str, timestamp: int) -> str:
    """The ``Stripe-Signature`` header: HMAC-SHA256 over ``timestamp.body``, keyed with the whole secret."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class Courier:
    """All deliveries that are still to be made."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.paused = False
        self.stopped = False
        self.bell = threading.Condition()
        self._pending: set[str] = set()
        self._rounds: dict[str, Round] = {}

    def enqueue(self, ids: Iterable[str]) -> None:
        """Take on those of these deliveries that are pending."""
        for id in ids:
            delivery = self.box.store.get("_delivery", id)
            if delivery is None or delivery["status"] != "pending":
                continue
            with self.bell:
                self._pending.add(id)
                round_ = self._rounds.get(delivery["endpoint"])
                if round_ is None:
                    round_ = self._rounds[delivery["endpoint"]] = Round(self, delivery["endpoint"])
                    round_.start()
                round_.add(delivery["next_at"], id)
                self.bell.notify_all()

    def pending(self) -> int:
        """How many deliveries were neither made nor given up, those waiting for a retry included."""
        return len(self._pending)

    def settled(self, id: str) -> None:
        self._pending.discard(id)

    def pause(self, paused: bool) -> None:
        """Hold all deliveries, or let them go."""
        with self.bell:
            self.paused = paused
            self.bell.notify_all()

    def forget(self) -> None:
        """Drop everything pending, and wait a moment for what is under way. Call it without the sandbox's lock."""
        with self.bell:
            for round_ in self._rounds.values():
                round_.queue.clear()
            self.bell.wait_for(lambda: not any(round_.busy for round_ in self._rounds.values()), FORGET_WAITS)
            self._pending.clear()

    def stop(self) -> None:
        with self.bell:
            self.stopped = True
            self.bell.notify_all()


class Round(threading.Thread):
    """The thread that visits one endpoint."""

    def __init__(self, courier: Courier, endpoint_id: str) -> None:
        super().__init__(name=f"deliveries to {endpoint_id}", daemon=True)
        self.queue: list[tuple[float, int, str]] = []
        self.busy = False
        self._courier = courier
        self._box = courier.box
        self._endpoint_id = endpoint_id
        self._order = itertools.count()
        self._connection: http.client.HTTPConnection | None = None

    def add(self, at: float, id: str) -> None:
        heapq.heappush(self.queue, (at, next(self._order), id))

    def run(self) -> None:
        while (id := self._next()) is not None:
            prepared = self._prepare(id)
            if prepared:
                self._conclude(id, *self._post(*prepared))
            else:
                self._courier.settled(id)

    def _next(self) -> str | None:
        with self._courier.bell:
            self.busy = False
            self._courier.bell.notify_all()
            while not self._courier.stopped:
                wait = None
                if self.queue and not self._courier.paused:
                    wait = self.queue[0][0] - time.time()
                    if wait <= 0:
                        self.busy = True
                        return heapq.heappop(self.queue)[2]
                self._courier.bell.wait(wait)
        return None

    def _prepare(self, id: str) -> tuple[str, bytes, dict[str, str]] | None:
        with self._box.lock:
            delivery = self._box.store.get("_delivery", id)
            endpoint = self._box.store.get("webhook_endpoint", self._endpoint_id)
            if delivery is None or endpoint is None:
                return None
            event = self._box.render(self._box.store.need("event", delivery["event"]))
        body = json.dumps(event).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(body, endpoint["_secret"], int(time.time())),
        }
        return endpoint["url"], body, headers

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int | None, str | None]:
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            status = self._exchange(parts.scheme, parts.netloc, path or "/", body, headers)
        except (OSError, http.client.HTTPException) as error:
            self._disconnect()
            return None, f"{type(error).__name__}: {error}"
        return status, None if 200 <= status < 300 else f"HTTP {status}"

    def _exchange(self, scheme: str, netloc: str, path: str, body: bytes, headers: dict[str, str]) -> int:
        kept = self._connection
        try:
            connection = kept or self._connect(scheme, netloc)
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
        except (ConnectionError, http.client.BadStatusLine):
            if kept is None:
                raise
            # The receiver closed the connection we kept; that is no failed try.
            self._disconnect()
            return self._exchange(scheme, netloc, path, body, headers)
        response.read()
        return response.status

    def _connect(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        self._connection = kind(netloc, timeout=TIMEOUT)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _conclude(self, id: str, status: int | None, error: str | None) -> None:
        with self._box.transaction():
            delivery = self._box.store.get("_delivery", id)
            if delivery is None:
                return
            self._box.store.update(delivery, tries=delivery["tries"] + 1, last_status=status, last_error=error)
            if error is None:
                self._box.store.update(delivery, status="delivered")
                event = self._box.store.need("event", delivery["event"])
                self._box.store.update(event, pending_webhooks=max(0, event["pending_webhooks"] - 1))
            else:
                self._postpone(delivery)
            if delivery["status"] != "pending":
                self._courier.settled(id)

    def _postpone(self, delivery: Record) -> None:
        tries = delivery["tries"]
        spent = sum(FIRST_PAUSES) + LATER_PAUSE * (tries - len(FIRST_PAUSES))
        if spent > GIVE_UP_AFTER:
            self._box.store.update(delivery, status="failed")
            return
        pause = FIRST_PAUSES[tries - 1] if tries <= len(FIRST_PAUSES) else LATER_PAUSE
        self._box.store.update(delivery, next_at=time.time() + pause)
