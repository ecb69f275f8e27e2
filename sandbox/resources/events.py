"""The event log over the API."""

from sandbox.crud import serve_retrieve
from sandbox.listing import serve_list
from sandbox.store import Record


def _is_of(event: Record, pattern: str) -> bool:
    return bool(event["type"] == pattern or (pattern.endswith("*") and event["type"].startswith(pattern[:-1])))


def _is_one_of(event: Record, names: list[str]) -> bool:
    return event["type"] in names


serve_retrieve("GET /v1/events/{id}", "event")
serve_list("GET /v1/events", "event", type=_is_of, types=_is_one_of)
