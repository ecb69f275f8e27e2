"""The sandbox as one object: what every resource, page and test works with."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from sandbox.answers import AnswerValidator
from sandbox.billing.taxes.tax_table import COUNTRIES
from sandbox.billing.usage.entitlements import Entitlements
from sandbox.billing.usage.usage import Usage
from sandbox.chaos import Chaos
from sandbox.clock import Clock
from sandbox.contract import Contract
from sandbox.delivery import Courier
from sandbox.errors import ApiError
from sandbox.events import Events, is_address
from sandbox.expansion import Tree
from sandbox.idempotency import Idempotency
from sandbox.observation import Observation
from sandbox.ownership import TEST_CLOCK, inherit
from sandbox.persistence import Journal
from sandbox.rendering import Renderer
from sandbox.store import Key, Record, Store
from sandbox.timed.test_clocks import Mover
from sandbox.validation import RequestValidator


@dataclass(frozen=True)
class Origin:
    """The API request that causes events; both None when the sandbox acts by itself."""

    request_id: str | None = None
    idempotency_key: str | None = None

    @cached_property
    def shown(self) -> dict[str, str | None]:
        """How the events it causes tell of it."""
        return {"id": self.request_id, "idempotency_key": self.idempotency_key}


NOBODY = Origin()


@dataclass(frozen=True)
class Settings:
    """What a sandbox is started with. ``data`` names its file; None keeps everything in memory."""

    secret_key: str = "sk_test_sandbox"  # noqa: S105 - opens nothing but this sandbox
    publishable_key: str = "pk_test_sandbox"
    data: str | None = None
    strict: bool = False
    start_at: int | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None
    seller_country: str = "DE"
    """Where the seller pays tax; two letters, ISO 3166-1."""

    def __post_init__(self) -> None:
        for name, prefix in (("secret_key", "sk_test_"), ("publishable_key", "pk_test_")):
            if not getattr(self, name).startswith(prefix):
                raise ValueError(f"{name} must begin with {prefix}: a live key has no business in a sandbox")
        if self.seller_country not in COUNTRIES:
            raise ValueError(f"seller_country: {self.seller_country} is no country, as DE or US is")
        if self.webhook_url is not None and not is_address(self.webhook_url):
            raise ValueError(f"webhook_url: {self.webhook_url} is no address, as http://127.0.0.1:8000/webhooks is")


class Sandbox:
    """A stateful Stripe: records, clock, events and their delivery, behind one lock.

    For pages: ``store.get(type, id)`` and ``store.list(type)`` answer raw records, :meth:`render` makes of one what the
    API shows. Hold :attr:`lock` while reading several things that must belong together; it is taken for as long as the
    clock turns, unlike :attr:`reading`.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.lock = threading.RLock()
        self.reading = threading.RLock()
        """Held while records change. Who only looks holds it instead of :attr:`lock`, and never asks for that one inside."""
        self.base_url = "http://127.0.0.1"
        """Where browsers reach this sandbox; the server sets it once it listens."""
        self.contract = Contract()
        self.store: Store = Store()
        self.usage = Usage(self.store)
        self.entitlements = Entitlements(self)
        self.origin = NOBODY
        self.renderer = Renderer(self)
        self.clock = Clock(self)
        self.chaos = Chaos(self)
        self.events = Events(self)
        self.courier = Courier(self)
        self.mover = Mover(self)
        self.idempotency = Idempotency(self)
        self.observation = Observation(self)
        self.validator = RequestValidator(self.contract)
        self._answers = AnswerValidator(self.contract) if self.settings.strict else None
        self._journal = Journal(self.settings.data, self.contract.version)
        self._depth = 0
        self.store.watchers.append(partial(inherit, self))
        self._open()

    @property
    def publishable_key(self) -> str:
        return self.settings.publishable_key

    def render(self, record: Record, expand: Tree | None = None) -> dict[str, Any]:
        """The record as the API shows it; ``expand`` is a tree of field names, see ``rendering.tree``."""
        return self.renderer.render(record, expand or {})

    def inspect(self, answer: dict[str, Any]) -> list[str]:
        """What in an answer breaks the contract; always empty unless the sandbox is strict."""
        return self._answers.violations(answer) if self._answers else []

    @contextmanager
    def transaction(self, origin: Origin | None = None) -> Iterator[None]:
        """All or nothing, in memory and on disk, at one instant; nested ones join the outermost.

        An ApiError undoes the writes unless it says ``keep``; any other exception always does.
        """
        with self.lock, self.reading, self.clock.at(self.clock.now()):
            outermost = self._depth == 0
            self._depth += 1
            if outermost:
                self.origin = origin or NOBODY
            try:
                yield
            except ApiError as error:
                if outermost:
                    self._finish(commit=error.keep)
                raise
            except BaseException:
                if outermost:
                    self._finish(commit=False)
                raise
            else:
                if outermost:
                    self._finish(commit=True)
            finally:
                self._depth -= 1

    def snapshot(self, types: Iterable[str]) -> list[Record]:
        """The records of these types, oldest first, as :meth:`reset` takes them back."""
        with self.lock:
            return [record for name in types for record in reversed(self.store.list(name))]

    def reset(self, now: int | None = None, records: Iterable[Record] = ()) -> None:
        """Forget everything except keys and webhook endpoints, then begin with ``records`` of a snapshot.

        The endpoint the sandbox was started with is again as it was given then.

        ``now`` moves the clock, otherwise it stays.
        """
        self.courier.forget()
        with self.lock, self.reading:
            instant = self.clock.now() if now is None else now
            endpoints = self.events.restored(self.store.list("webhook_endpoint")[::-1])
            self.store.clear()
            self.usage.forget()
            self.clock.forget()
            self._journal.forget()
            self.observation.clear()
            self.chaos.clear()
            with self.transaction():
                self.clock.set(instant)
                for record in (*endpoints, *records):
                    self.store.add(dict(record))

    def close(self) -> None:
        """Stop the deliveries and the clock, even while it is turned, and close the file."""
        self.courier.stop()
        self.clock.stop()
        self.mover.stop()
        with self.lock:
            self._journal.close()

    def _finish(self, *, commit: bool) -> None:
        if not commit:
            self.store.rollback()
            return
        touched = self._settle()
        self.courier.enqueue(id for kind, id in touched if kind == "_delivery")
        if any(kind == TEST_CLOCK for kind, _ in touched):
            self.mover.wake()

    def _settle(self) -> tuple[Key, ...]:
        """Add what follows from the writes of a transaction as a whole, and make them last; answers what was written."""
        try:
            self.entitlements.settle()
            self._journal.write((key, self.store.get(*key)) for key in self.store.touched())
        except BaseException:
            self.store.rollback()
            raise
        return self.store.commit()

    def _open(self) -> None:
        self.store.load(self.events.frozen(one) if one["object"] == "event" else one for one in self._journal.read())
        with self.transaction():
            if self.settings.start_at is not None and not self.store.types():
                self.clock.set(self.settings.start_at)
            self.events.ensure_endpoint(self.settings.webhook_url, self.settings.webhook_secret)
        self.courier.enqueue(delivery["id"] for delivery in reversed(self.store.list("_delivery")))
        with self.lock:
            self.mover.wake()
