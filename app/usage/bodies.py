"""From JSON to events. By hand: a schema would take as long for a batch as all the rest of counting it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from marshmallow import Schema, fields

from app.api import read_number

from .checking import NewEvent
from .refusals import EventsRefused, NoEvents, Problem, TooManyEvents

MEMBERS = frozenset({"id", "meter", "quantity", "occurred_at"})
LONGEST_INSTANT = 40


class Event(Schema):
    """What the OpenAPI document says of an event; `read` is what reads it."""

    id = fields.String(required=True, metadata={"maxLength": 200, "description": "Yours; counted once"})
    meter = fields.String(required=True)
    quantity = fields.Decimal(
        metadata={"description": "A number, or one in quotes to keep all its decimals; 1 if absent"}
    )
    occurred_at = fields.AwareDateTime(metadata={"description": "ISO 8601 with its offset; now if absent"})


class CountedAnswer(Schema):
    new = fields.Integer(metadata={"description": "Events that counted"})
    repeated = fields.Integer(metadata={"description": "Events that had been counted before"})


def read(body: Any, most: int) -> list[NewEvent]:
    """One event, or a list of up to `most`. Raises NoEvents, TooManyEvents, EventsRefused."""
    given = [body] if isinstance(body, dict) else body
    if not isinstance(given, list) or not given:
        raise NoEvents()
    if len(given) > most:
        raise TooManyEvents(most)
    events, problems = [], []
    for index, one in enumerate(given):
        event = _event(one)
        if event is None:
            problems += [Problem(index, member, "invalid_event", detail) for member, detail in _wrong(one)]
        else:
            events.append(event)
    if problems:
        raise EventsRefused(problems)
    return events


def _event(given: Any) -> NewEvent | None:
    if not isinstance(given, dict) or not given.keys() <= MEMBERS:
        return None
    event_id, meter = given.get("id"), given.get("meter")
    quantity, occurred_at = read_number(given.get("quantity", 1)), given.get("occurred_at")
    instant = _instant(occurred_at)
    if type(event_id) is not str or type(meter) is not str or quantity is None:
        return None
    if occurred_at is not None and instant is None:
        return None
    return NewEvent(event_id, meter, quantity, instant)


def _wrong(given: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with an event that cannot be read, member by member."""
    if not isinstance(given, dict):
        yield "", _("An event is an object.")
        return
    if given.keys() - MEMBERS:
        yield "", _("An event has no more than: id, meter, quantity, occurred_at.")
    for name in ("id", "meter"):
        if type(given.get(name)) is not str:
            yield name, _("This is a string, and cannot be left out.")
    if read_number(given.get("quantity", 1)) is None:
        yield "quantity", _("This is a number.")
    if given.get("occurred_at") is not None and _instant(given["occurred_at"]) is None:
        yield "occurred_at", _("This is an instant with its offset, such as 2026-11-21T20:00:00Z.")


def _instant(given: Any) -> datetime | None:
    if type(given) is not str or len(given) > LONGEST_INSTANT:
        return None
    try:
        instant = datetime.fromisoformat(given)
        return instant.astimezone(UTC) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None
