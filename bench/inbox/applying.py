"""How fast stored events are applied, in one process, with the time left out that its calls to Stripe take."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask import Flask
from stripe._api_requestor import _APIRequestor

from app.core.extensions import db
from app.webhooks import service

from .world import Template, World

INSERT = """
    INSERT INTO inbox_events (event_id, type, api_version, object_type, object_id, customer, payload, state,
                              created_at, received_at, attempts)
    VALUES (%s, %s, %s, %s, %s, %s, %s, 'received', now(), now(), 0)
"""
PER_OBJECT = 5
Row = tuple[str, str, str]


class Spent(NamedTuple):
    wall: float
    processor: float

    def __sub__(self, other: "Spent") -> "Spent":  # type: ignore[override]  # no tuple of anything else
        return Spent(self.wall - other.wall, self.processor - other.processor)


def now() -> Spent:
    return Spent(time.perf_counter(), time.process_time())


class Fetches:
    """What the SDK has taken, from the question to the objects made of the answer."""

    def __init__(self) -> None:
        self.calls, self.wall, self.processor = 0, 0.0, 0.0

    @property
    def spent(self) -> Spent:
        return Spent(self.wall, self.processor)

    def add(self, spent: Spent) -> None:
        self.calls, self.wall, self.processor = self.calls + 1, self.wall + spent.wall, self.processor + spent.processor


@contextmanager
def counted() -> Iterator[Fetches]:
    found, ask = Fetches(), _APIRequestor.request

    def request(self: Any, *args: Any, **options: Any) -> Any:
        begun = now()
        try:
            return ask(self, *args, **options)
        finally:
            found.add(now() - begun)

    _APIRequestor.request = request  # type: ignore[method-assign]  # every call of the SDK passes here
    try:
        yield found
    finally:
        _APIRequestor.request = ask  # type: ignore[method-assign]  # as it was


def rows(world: World, templates: list[Template], app: Flask) -> Iterator[Row]:
    """First everything is new here; then it is known, and most of what an event says is known too."""
    with app.app_context():
        for words, asked, times in (
            (f"applying, {PER_OBJECT} events an object, all new", "", PER_OBJECT),
            (f"applying, {PER_OBJECT} events an object, known", ">= 400", PER_OBJECT),
            ("applying, 1 event an object, known", "", 1),
        ):
            events = _store(world, templates * times)
            with counted() as fetches:
                begun = now()
                _apply()
                spent = now() - begun - fetches.spent
            rate = f"{events / spent.processor:.0f}  ({events / spent.wall:.0f} by the clock)"
            yield f"{words}, per processor second", asked, rate
            yield "… calls to Stripe per event", "", f"{fetches.calls / events:.2f}"
        for kind in ("subscription", "invoice", "payment_intent", "customer"):
            some = [template for template in templates if template["data"]["object"]["object"] == kind]
            events = _store(world, some)
            with counted() as fetches:
                begun = now()
                _apply()
                spent = now() - begun - fetches.spent
            yield f"… 1 event of each {kind}", "", f"{events / spent.processor:.0f}"


def _store(world: World, templates: list[Template]) -> int:
    tag = datetime.now(UTC).isoformat()
    with world.database() as connection, connection.cursor() as cursor:
        cursor.executemany(INSERT, [_values(f"evt_{tag}_{n}", one) for n, one in enumerate(templates)])
    return len(templates)


def _values(event_id: str, event: Template) -> tuple[object, ...]:
    told = event["data"]["object"]
    customer = told["id"] if told["object"] == "customer" else told["customer"]
    return event_id, event["type"], event["api_version"], told["object"], told["id"], customer, json.dumps(event)


def _apply() -> None:
    """As the worker drains."""
    while service.handle_batch():
        db.session.remove()
    db.session.remove()
