"""By which test clock an object lives: that of its customer, who may be several objects away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

TEST_CLOCK = "test_helpers.test_clock"

LINKS = {
    "customer": "customer",
    "subscription": "subscription",
    "_subscription": "subscription",
    "invoice": "invoice",
    "payment_intent": "payment_intent",
    "_payment_intent": "payment_intent",
    "setup_intent": "setup_intent",
    "charge": "charge",
    "credit_grant": "billing.credit_grant",
}
"""The fields that lead towards the customer, and what they name."""


def test_clock_of(box: Sandbox, record: Record) -> str | None:
    """The id of the test clock, also of one that was deleted; None for what lives by the sandbox's own clock."""
    if record["object"] == TEST_CLOCK:
        return str(record["id"])
    if record.get("test_clock"):
        return str(record["test_clock"])
    for field, object_type in LINKS.items():
        id = record.get(field)
        found = box.store.get(object_type, id) if isinstance(id, str) else None
        if found is not None:
            return test_clock_of(box, found)
    return None


def test_clock_meant(box: Sandbox, ids: dict[str, str], params: dict[str, Any]) -> str | None:
    """The test clock of the first object that a request names, in its path or in a parameter."""
    if not box.store.count(TEST_CLOCK):
        return None
    for id in (*ids.values(), *_strings(params)):
        found = box.store.locate(id)
        test_clock = test_clock_of(box, found) if found else None
        if test_clock:
            return test_clock
    return None


def inherit(box: Sandbox, record: Record) -> None:
    """Give a new object the test clock of its customer, where the contract has a field for it."""
    if record.get("test_clock", "") is None and record["object"] != "customer":
        record["test_clock"] = test_clock_of(box, record)


def _strings(params: Any) -> Iterator[str]:
    if isinstance(params, str):
        yield params
    elif isinstance(params, dict | list):
        for one in params.values() if isinstance(params, dict) else params:
            yield from _strings(one)
