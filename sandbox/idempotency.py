"""The answers that are kept under an Idempotency-Key.

A key names one deed: the same key with the same request replays the first answer, with another request it is refused.
Answers to requests that never started (authentication, validation, unknown URLs) are not kept. Keys last 24 hours of
virtual time.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.errors import ApiError

if TYPE_CHECKING:
    from sandbox.core import Sandbox

KEPT_FOR = 86400
MAX_LENGTH = 255


@dataclass(frozen=True)
class Deed:
    """A request as far as idempotency cares."""

    method: str
    path: str
    params: dict[str, Any]

    @property
    def digest(self) -> str:
        canonical = json.dumps([self.method, self.path, self.params], sort_keys=True)
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

    def find(self, key: str, deed: Deed) -> tuple[int, dict[str, Any]] | None:
        """Status and body of the first answer; a key that named another deed is refused with a 400."""
        kept = self._box.store.get("_idempotency", key)
        if kept is None or kept["created"] <= self._box.clock.now() - KEPT_FOR:
            return None
        if kept["digest"] != deed.digest:
            message = (
                f"Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise ApiError(message, type="idempotency_error")
        return kept["status"], kept["body"]

    def keep(self, key: str, deed: Deed, status: int, body: dict[str, Any]) -> None:
        """Store an answer under its key, in the caller's transaction."""
        record = {
            "object": "_idempotency",
            "id": key,
            "digest": deed.digest,
            "status": status,
            "body": body,
            "created": self._box.clock.now(),
        }
        known = self._box.store.get("_idempotency", key)
        if known is None:
            self._box.store.add(record)
        else:
            self._box.store.update(known, **record)
