"""What is sent to ``/_sandbox``, read with care: a JSON object of known fields, or a refusal that names what is wrong."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import request

from sandbox.billing.subscriptions.periods import add
from sandbox.contract import Contract
from sandbox.core import Sandbox
from sandbox.store import Record

SPAN = re.compile(r"^([0-9]{1,12})(?: (second|minute|hour|day|week|month|year)s?)?$")
SECONDS = {"second": 1, "minute": 60, "hour": 3600}
MOST_YEARS = 20
"""How far one turn of the clock goes at most."""
LATEST = 4102444800
"""2100-01-01: no clock is set to a later instant."""
MILLISECONDS = 10**11
"""From here on a number is no unix time that anybody means; in milliseconds it is one."""


class Refused(ValueError):
    """A control request that cannot be done; its text is the answer."""


def given_object(*known: str) -> dict[str, Any]:
    """The JSON object that was sent, which may have these fields only; an empty body counts as an empty one."""
    body = request.get_data()
    if not body:
        return {}
    try:
        given = json.loads(body) if request.mimetype == "application/json" else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Refused("send a JSON object with Content-Type: application/json")
    for name in given:
        if name not in known:
            raise Refused(f"{name}: there is no such field here, only {', '.join(known) or 'an empty object'}")
    return given


def whole(name: str, value: Any, most: int, least: int = 1) -> int:
    """A whole number within these bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Refused(f"{name}: must be a whole number from {least} to {most}")
    return value


def seed(wish: dict[str, Any]) -> int:
    """What chance follows; 0 when the wish does not say."""
    value = wish.get("seed", 0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused("seed: must be a whole number")
    return value


def target(box: Sandbox, wish: dict[str, Any]) -> int:
    """The instant a wish for another time means; Refused when it makes no sense or nothing is due."""
    if len(wish) != 1:
        raise Refused('say either by, like {"by": "1 month"}, or to, like {"to": 1800000000} or {"to": "next"}')
    now = box.clock.now()
    if "by" in wish:
        return _near("by", later(now, wish["by"]), now)
    if wish["to"] == "next":
        due = box.clock.next_due()
        if due is None:
            raise Refused("nothing will happen by itself")
        return max(due, now)
    if isinstance(wish["to"], bool) or not isinstance(wish["to"], int):
        raise Refused('to: must be a whole number, in unix seconds, or "next"')
    return _near("to", wish["to"], now)


def later(now: int, span: Any) -> int:
    """``now`` plus "1 day", "2 weeks", "1 month" or a number of seconds."""
    match = SPAN.match(str(span)) if isinstance(span, str | int) else None
    if match is None:
        raise Refused("by: must be a whole number of seconds, or like '1 day', '2 weeks', '1 month'")
    count, unit = int(match[1]), match[2] or "second"
    try:
        return now + count * SECONDS[unit] if unit in SECONDS else add(now, unit, count)
    except (ValueError, OverflowError):  # later than any calendar goes
        raise _too_far("by") from None


def years_ahead(now: int) -> int:
    """The latest instant to which the clock turns at once."""
    return add(now, "year", MOST_YEARS)


def records(contract: Contract, given: Any) -> list[Record]:
    """The records of a snapshot, as they were given."""
    if not isinstance(given, list):
        raise Refused("records: must be the list of a snapshot")
    for index, record in enumerate(given):
        name = f"records[{index}]"
        kind = record.get("object") if isinstance(record, dict) else None
        if not isinstance(kind, str) or kind not in contract.schemas:
            raise Refused(f"{name}: must be a record of a snapshot, with the type of an object as object")
        if not isinstance(record.get("id"), str):
            raise Refused(f"{name}.id: must be a string")
        required = contract.schemas[kind].get("required", ())
        missing = [field for field in contract.blank(kind) if field in required and field not in record]
        if missing:
            raise Refused(f"{name}.{missing[0]}: is missing, as it is from no {kind} of a snapshot")
    return given


def _near(name: str, instant: int, now: int) -> int:
    if instant > years_ahead(now):
        raise _too_far(name, instant)
    return instant


def _too_far(name: str, instant: int = 0) -> Refused:
    hint = f"; {instant} looks like milliseconds, and seconds are meant" if instant >= MILLISECONDS else ""
    return Refused(f"{name}: one turn of the clock goes at most {MOST_YEARS} years ahead{hint}")
