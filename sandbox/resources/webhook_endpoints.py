"""Webhook endpoints. The secret is shown once, by the answer to the creation."""

import secrets
from urllib.parse import urlsplit

from sandbox.crud import changed_fields, deleted, new_metadata, refuse, serve_retrieve
from sandbox.errors import invalid
from sandbox.events import endpoint
from sandbox.listing import serve_list
from sandbox.routing import Call, Plain, operation
from sandbox.store import Record


@operation("POST /v1/webhook_endpoints")
def create(call: Call) -> Plain:
    refuse(call.params, ("connect",))
    _check(call)
    version = call.get("api_version") or call.box.contract.version
    if version != call.box.contract.version:
        raise invalid(f"This sandbox speaks API version {call.box.contract.version} only.", "api_version")
    secret = f"whsec_{secrets.token_hex(16)}"
    record = endpoint(call.box, call.params["url"], call.params["enabled_events"], secret)
    record |= {"description": call.get("description"), "metadata": new_metadata(call.params)}
    call.store.add(record)
    return Plain({**call.box.render(record), "secret": secret})


@operation("POST /v1/webhook_endpoints/{webhook_endpoint}")
def update(call: Call) -> Record:
    _check(call)
    record = call.store.need("webhook_endpoint", call.id)
    changes = changed_fields(call.params, record, ("description", "enabled_events", "url"))
    if "disabled" in call.params:
        changes["status"] = "disabled" if call.params["disabled"] else "enabled"
    call.store.update(record, **changes)
    return record


@operation("DELETE /v1/webhook_endpoints/{webhook_endpoint}")
def delete(call: Call) -> Plain:
    record = call.store.need("webhook_endpoint", call.id)
    call.store.remove(record)
    return Plain(deleted(record))


def _check(call: Call) -> None:
    if "url" in call.params and urlsplit(call.params["url"]).scheme not in ("http", "https"):
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid")
    for name in call.get("enabled_events", []):
        if name != "*" and name not in call.box.contract.event_types:
            raise invalid(f"Invalid enabled_events: {name} is no event type.", "enabled_events")


serve_retrieve("GET /v1/webhook_endpoints/{webhook_endpoint}", "webhook_endpoint")
serve_list("GET /v1/webhook_endpoints", "webhook_endpoint")
