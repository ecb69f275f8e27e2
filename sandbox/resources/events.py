"""The event log over the API.

As at Stripe it reaches back 30 days, here of virtual time; the panel and ``/_sandbox/events`` show all that ever happened.
"""

from sandbox.chaos.plan import fits_type
from sandbox.errors import invalid, missing_resource
from sandbox.listing import page
from sandbox.routing import Call, Page, operation
from sandbox.store import Record

KEPT_FOR = 30 * 86400
MOST_TYPES = 20


@operation("GET /v1/events/{id}")
def retrieve(call: Call) -> Record:
    event = call.store.need("event", call.id)
    if not _is_kept(call, event):
        raise missing_resource("event", call.id)
    return event


@operation("GET /v1/events")
def list_events(call: Call) -> Page:
    if "type" in call.params and "types" in call.params:
        raise invalid("You may pass either type or types, but not both.", "types")
    if len(call.get("types", ())) > MOST_TYPES:
        raise invalid(f"You may pass at most {MOST_TYPES} types.", "types")
    kept = (event for event in call.store.list("event") if _is_kept(call, event))
    return page(call, kept, {"type": _is_of, "types": _is_one_of, "delivery_success": _was_delivered})


def _is_kept(call: Call, event: Record) -> bool:
    return bool(event["created"] > call.box.clock.now() - KEPT_FOR)


def _is_of(event: Record, pattern: str) -> bool:
    return fits_type(event["type"], pattern)


def _is_one_of(event: Record, names: list[str]) -> bool:
    return event["type"] in names


def _was_delivered(event: Record, wanted: bool) -> bool:
    return (event["pending_webhooks"] == 0) is wanted
