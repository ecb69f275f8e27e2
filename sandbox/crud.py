"""The parts every resource shares: retrieve by id, update the plain fields, merge metadata."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sandbox.errors import missing_resource, unsupported
from sandbox.routing import Call, Handler, operation
from sandbox.scalars import check_count
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def serve_retrieve(line: str, object_type: str) -> Handler:
    """Register ``GET /v1/things/{thing}``."""

    def handler(call: Call) -> Record:
        return call.store.need(object_type, call.id)

    return operation(line)(handler)


def serve_update(line: str, object_type: str, fields: Iterable[str]) -> Handler:
    """Register ``POST /v1/things/{thing}`` for an object whose ``fields`` (and metadata) are simply replaced."""

    def handler(call: Call) -> Record:
        record = call.store.need(object_type, call.id)
        refuse_others(call.params, (*fields, "metadata"))
        with call.box.events.updating(record):
            call.store.update(record, **changed_fields(call.params, record, fields))
        return record

    return operation(line)(handler)


def living_customer(box: Sandbox, id: str) -> Record:
    """The customer that the parameter ``customer`` names; unknown and deleted ones are refused."""
    customer = box.store.need("customer", id, "customer")
    if customer["_deleted"]:
        raise missing_resource("customer", id, "customer")
    return customer


def changed_fields(params: dict[str, Any], record: Record, fields: Iterable[str]) -> dict[str, Any]:
    """What the parameters say about these fields, and the merged metadata."""
    changes = {name: params[name] for name in fields if name in params}
    if "metadata" in params:
        changes["metadata"] = merged(record["metadata"], params["metadata"])
    return changes


def merged(old: dict[str, str] | None, given: dict[str, str] | None) -> dict[str, str]:
    """Metadata after an update, see :func:`laid_over`; raises ApiError (400) if it has more keys than 50 then."""
    result = laid_over(old, given)
    check_count(result, "metadata")
    return result


def laid_over(old: dict[str, str] | None, given: dict[str, str] | None) -> dict[str, str]:
    """Metadata as the given keys change it: they win, empty values and a cleared hash remove."""
    if given is None:
        return {}
    result = {**(old or {}), **given}
    return {key: value for key, value in result.items() if value not in ("", None)}


def new_metadata(params: dict[str, Any]) -> dict[str, str]:
    """Metadata of a new object."""
    return merged(None, params.get("metadata") or {})


def refuse(params: dict[str, Any], names: Iterable[str]) -> None:
    """Refuse parameters which the sandbox does not play, rather than ignore them."""
    for name in names:
        if name in params:
            raise unsupported(name)


def refuse_others(params: dict[str, Any], names: Iterable[str]) -> None:
    """Refuse every parameter that is not among these."""
    refuse(params, set(params) - set(names))


def deleted(record: Record) -> dict[str, Any]:
    """What DELETE answers."""
    return {"id": record["id"], "object": record["object"], "deleted": True}
