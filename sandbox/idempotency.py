"""The answers that are kept under an Idempotency-Key.

A key names one deed: the same key with the same request replays the first answer, with another request it is refused.
Answers to requests that never started (authentication, validation, unknown URLs) are not kept. Keys last 24 hours of
virtual time.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from sandbox.errors import ApiError

if TYPE_CHECKING:
    from sandbox.core import Sandbox

KEPT_FOR = 86400
SWEPT_AFTER = 3600
MAX_LENGTH = 255


@dataclass(frozen=True)
class Deed:
    """A POST as far as idempotency cares."""

    key: str
    path: str
    params: dict[str, Any]

    @property
    def digest(self) -> str:
        canonical = json.dumps([self.path, self.params], sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()


class Idempotency:
    """Keys in use and answers kept."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._running: set[str] = set()
        self._guard = threading.Lock()

    @contextmanager
    def running(self, key: str) -> Iterator[None]:
        """Hold a key while its request runs; a second request with it meanwhile is answered 409."""
        if len(key) > MAX_LENGTH:
            raise ApiError(f"Idempotency keys may be at most {MAX_LENGTH} characters long.", type="idempotency_error")
        with self._guard:
            if key in self._running:
                message = "There is currently another in-progress request using this Idempotency Key."
                raise ApiError(message, status=409, type="idempotency_error", code="idempotency_key_in_use")
            self._running.add(key)
        try:
            yield
        finally:
            with self._guard:
                self._running.discard(key)

    def find(self, deed: Deed) -> tuple[int, dict[str, Any], str] | None:
        """Status and body of the first answer, and the id of its request; a key that named another deed is refused with a 400."""
        kept = self._box.store.get("_idempotency", deed.key)
        if kept is None or kept["created"] <= self._box.clock.now() - KEPT_FOR:
            return None
        if kept["digest"] != deed.digest:
            message = (
                f"Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{deed.key}' if you meant to execute a different request."
            )
            raise ApiError(message, type="idempotency_error")
        body = json.loads(zlib.decompress(base64.b64decode(kept["body"])))
        return kept["status"], body, kept["request"]

    def keep(self, deed: Deed, request_id: str, status: int, body: dict[str, Any]) -> None:
        """Store the answer to a request under its key, in the caller's transaction."""
        record = {
            "object": "_idempotency",
            "id": deed.key,
            "digest": deed.digest,
            "request": request_id,
            "status": status,
            "body": base64.b64encode(zlib.compress(json.dumps(body).encode(), 1)).decode(),
            "created": self._box.clock.now(),
        }
        known = self._box.store.get("_idempotency", deed.key)
        if known is None:
            self._box.store.add(record)
        else:
            self._box.store.update(known, **record)
        self._sweep()

    def _sweep(self) -> None:
        """Drop keys that ended an hour ago or earlier: a few at once, because one by one costs more."""
        store, long_ago = self._box.store, self._box.clock.now() - KEPT_FOR - SWEPT_AFTER
        oldest = store.oldest("_idempotency")
        if oldest and oldest["created"] <= long_ago:
            store.remove(*takewhile(lambda one: one["created"] <= long_ago, reversed(store.list("_idempotency"))))
