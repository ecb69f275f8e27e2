"""The door for programs: they report what was used."""

from flask import request

from app.api import bearer, blueprint, read_json
from app.organizations.context import current_organization

from . import bodies, service
from .service import MOST_EVENTS, Counted

bp = blueprint("usage", "What was used, counted once by the id you give it")

ONE_OR_MORE = {
    "oneOf": [bodies.Event, {"type": "array", "items": bodies.Event, "minItems": 1, "maxItems": MOST_EVENTS}]
}


@bp.post("/usage/events")
@bearer("usage:write")
@bp.doc(requestBody={"required": True, "content": {"application/json": {"schema": ONE_OR_MORE}}})
@bp.response(200, bodies.CountedAnswer)
def report() -> Counted:
    """Count one event or a list of them: all or none.

    Sending an event again changes nothing, so after a lost answer send the same request again. An id that stands for
    another event refuses the request with 409.
    """
    events = bodies.read(read_json(request), MOST_EVENTS)
    return service.count(current_organization, events)
