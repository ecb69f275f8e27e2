"""Lists: filters by field, by creation time, and cursors. Newest first, as everywhere in the API."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sandbox.errors import invalid, missing_resource
from sandbox.routing import Call, Handler, Page, operation
from sandbox.store import INDEXED, Record

DEFAULT_LIMIT = 10
MAX_LIMIT = 100
CURSORS = ("limit", "starting_after", "ending_before", "expand")
RANGES = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def serve_list(line: str, object_type: str, **special: Callable[[Record, Any], bool]) -> Handler:
    """Register ``GET /v1/things``: every filter compares the field of its name, unless ``special`` says otherwise."""

    def handler(call: Call) -> Page:
        return page(call, candidates(call, object_type), special)

    return operation(line)(handler)


def candidates(call: Call, object_type: str) -> list[Record]:
    """The records a list starts from, newest first, narrowed by an index where a filter has one."""
    for field in INDEXED:
        value = call.get(field.lstrip("_"))
        found = call.store.of(object_type, field, value) if isinstance(value, str) else None
        if found:
            return found[::-1]
    return call.store.list(object_type)


def page(
    call: Call, records: Iterable[Record], special: dict[str, Callable[[Record, Any], bool]] | None = None
) -> Page:
    """Filter, then cut out the page the cursors ask for. A customer who does not exist has no list."""
    if "customer" in call.params:
        call.store.need("customer", call.params["customer"], "customer")
    wanted = list(_filtered(call, records, special or {}))
    return cut(call, wanted)


def cut(call: Call, records: list[Record]) -> Page:
    """The page of ``records`` (already filtered and sorted) that limit and cursors ask for."""
    limit = call.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid(
            f"Invalid integer: limit must be between 1 and {MAX_LIMIT}.", "limit", "parameter_invalid_integer"
        )
    before, after = call.get("ending_before"), call.get("starting_after")
    if before and after:
        message = "You may only specify one of these parameters: ending_before, starting_after."
        raise invalid(message, "starting_after", "parameters_exclusive")
    if before:
        records = records[: _position(call, records, before, "ending_before")]
        return Page(records[-limit:], len(records) > limit)
    if after:
        records = records[_position(call, records, after, "starting_after") + 1 :]
    return Page(records[:limit], len(records) > limit)


def _filtered(
    call: Call, records: Iterable[Record], special: dict[str, Callable[[Record, Any], bool]]
) -> Iterator[Record]:
    filters = {name: value for name, value in call.params.items() if name not in CURSORS}
    whole = not call.ids and not any(field in filters for field in (*INDEXED, "test_clock"))
    for record in records:
        if whole and record.get("test_clock"):
            continue  # objects of a test clock are in no list of everything
        if all(_fits(record, name, value, special.get(name)) for name, value in filters.items()):
            yield record


def _fits(record: Record, name: str, value: Any, special: Callable[[Record, Any], bool] | None) -> bool:
    if special is not None:
        return special(record, value)
    actual = record.get(name)
    if isinstance(value, dict) and not isinstance(actual, dict):
        return actual is not None and all(RANGES[bound](actual, limit) for bound, limit in value.items())
    return bool(actual == value)


def _position(call: Call, records: list[Record], id: str, param: str) -> int:
    for index, record in enumerate(records):
        if record["id"] == id:
            return index
    raise missing_resource(_listed(call), id, param)


def _listed(call: Call) -> str:
    """The type of the objects in the list that a call asks for."""
    method, path = call.line.split(" ")
    match, contract = call.box.contract.match(method, path), call.box.contract
    entries = contract.resolve(match[0].answer)["properties"]["data"]["items"] if match else {}
    return str(contract.resolve(entries).get("x-resourceId", "object"))
