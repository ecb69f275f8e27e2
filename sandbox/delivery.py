"""Webhook delivery: in the background, in order, with retries that survive a restart.

Each endpoint has its own thread, so that a slow one does not hold up the others. Deliveries go out in the order of their
events; one that fails is tried again later and does not block those behind it. An endpoint that was disabled or removed
gets no more tries; one that is enabled again gets those that were still to come. Time here is machine time.
Simplification: Stripe delays the finalization of an invoice while its ``invoice.created`` is unanswered; here it does not.
"""

from __future__ import annotations

import heapq
import http.client
import itertools
import logging
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox import letters, retries
from sandbox.letters import Letter
from sandbox.store import Records

if TYPE_CHECKING:
    from sandbox.core import Sandbox

TIMEOUT = 10
FORGET_WAITS = 2
APART = 1e-5
"""All in seconds of machine time."""


class Courier:
    """All deliveries that are still to be made."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.paused = False
        self.stopped = False
        self.retries = "quick"
        """The schedule of ``retries`` that failed deliveries follow."""
        self.bell = threading.Condition()
        self._pending: set[str] = set()
        self._rounds: dict[str, Round] = {}

    def enqueue(self, ids: Iterable[str]) -> None:
        """Take on those of these deliveries that are pending."""
        with self.bell:  # once for all: nobody leaves before those who are to go first are there
            for id in ids:
                delivery = self.box.store.get("_delivery", id)
                if delivery is None or delivery["status"] != "pending":
                    self.settled(id)
                    continue
                self._pending.add(id)
                self._round(delivery["endpoint"]).add(delivery["next_at"], id)
            self.bell.notify_all()

    def _round(self, endpoint_id: str) -> Round:
        round_ = self._rounds.get(endpoint_id)
        if round_ is None:
            round_ = self._rounds[endpoint_id] = Round(self, endpoint_id)
            round_.start()
        return round_

    def pending(self) -> int:
        """How many deliveries are still to be made by themselves; retries that wait for the sandbox's clock are not counted."""
        return len(self._pending)

    def held(self) -> Records:
        """The deliveries that a fault holds, oldest first."""
        return [one for one in self.box.store.list("_delivery")[::-1] if one["status"] == "held"]

    def release(self, deliveries: Records) -> int:
        """Let held deliveries go in this order; answers how many."""
        with self.box.transaction():
            for position, delivery in enumerate(deliveries):
                self.box.store.update(delivery, status="pending", next_at=time.time() + position * APART)
        return len(deliveries)

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
            self.retries = "quick"

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
        self._reached: tuple[str, str] | None = None
        """Scheme and host at the other end of the connection."""

    def add(self, at: float, id: str) -> None:
        heapq.heappush(self.queue, (at, next(self._order), id))

    def run(self) -> None:
        while (entry := self._next()) is not None:
            try:
                letter = self._write(*entry)
                if letter:
                    self._conclude(entry[1], *self._post(letter))
            except Exception as fault:
                self._fail(entry[1], fault)

    def _next(self) -> tuple[float, str] | None:
        """When the next delivery was due, and which it is."""
        with self._courier.bell:
            self.busy = False
            self._courier.bell.notify_all()
            while not self._courier.stopped:
                wait = None
                if self.queue and not self._courier.paused:
                    wait = self.queue[0][0] - time.time()
                    if wait <= 0:
                        self.busy = True
                        at, _, id = heapq.heappop(self.queue)
                        return at, id
                self._courier.bell.wait(wait)
        return None

    def _write(self, at: float, id: str) -> Letter | None:
        """What to send; None when the delivery was moved to another time, or its endpoint takes no more."""
        with self._box.lock:
            delivery = self._box.store.get("_delivery", id)
            if delivery is None:
                self._courier.settled(id)
                return None
            if delivery["status"] != "pending" or delivery["next_at"] != at:
                return None
            endpoint = self._box.store.get("webhook_endpoint", self._endpoint_id)
            if endpoint and endpoint["status"] == "enabled":
                return letters.write(self._box, delivery, endpoint)
            with self._box.transaction():
                reason = "the endpoint is disabled" if endpoint else "the endpoint was removed"
                self._box.store.update(delivery, status="failed", last_error=reason)
                self._box.events.count_pending(delivery["event"])
            return None

    def _post(self, letter: Letter) -> tuple[int | None, str | None]:
        try:
            parts = urlsplit(letter.url)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            status = self._exchange(parts.scheme, parts.netloc, path or "/", letter.body, letter.headers)
        except (OSError, http.client.HTTPException, ValueError) as error:  # the last from URLs that cannot be sent
            self._disconnect()
            return None, f"{type(error).__name__}: {error}"
        return status, None if 200 <= status < 300 else f"HTTP {status}"

    def _exchange(self, scheme: str, netloc: str, path: str, body: bytes, headers: dict[str, str]) -> int:
        if self._reached != (scheme, netloc):
            self._disconnect()
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
        self._reached = scheme, netloc
        return self._connection

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _conclude(self, id: str, status: int | None, error: str | None) -> None:
        with self._box.transaction():
            delivery = self._box.store.get("_delivery", id)
            if delivery is None:
                self._courier.settled(id)
                return
            tries = delivery["tries"] + 1
            self._box.store.update(delivery, tries=tries, last_status=status, last_error=error)
            if error is None:
                self._box.store.update(delivery, status="delivered")
                self._box.events.count_pending(delivery["event"])
            else:
                now = self._box.clock.now()
                self._box.store.update(delivery, **retries.after_failure(self._courier.retries, tries, now))

    def _fail(self, id: str, fault: Exception) -> None:
        """A fault of the sandbox itself: told, and counted as a failed try; the deliveries behind it go on."""
        if self._courier.stopped:
            return  # what was not concluded is sent again after the next start
        log = logging.getLogger(__name__)
        log.error("delivery %s", id, exc_info=fault)
        self._box.observation.violation(f"delivery {id}", ["the sandbox failed; its log has the traceback"])
        try:
            self._conclude(id, None, f"{type(fault).__name__}: {fault}")
        except Exception:
            log.exception("delivery %s could not be concluded", id)
