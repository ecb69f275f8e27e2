"""Webhook endpoints. The secret is shown once, by the answer to the creation.

The API version is chosen then too, and never changes; ``shapes`` tells what of an older one is played. Without one, events
come in the version of the sandbox.
"""

import secrets

from sandbox.crud import changed_fields, deleted, new_metadata, refuse, serve_retrieve
from sandbox.errors import invalid
from sandbox.events import endpoint, is_address
from sandbox.listing import serve_list
from sandbox.routing import Call, Plain, operation
from sandbox.store import Record

MOST_ENDPOINTS = 16
"""https://docs.stripe.com/webhooks: per account."""


@operation("POST /v1/webhook_endpoints")
def create(call: Call) -> Plain:
    refuse(call.params, ("connect",))
    _check(call)
    if call.store.count("webhook_endpoint") >= MOST_ENDPOINTS:
        raise invalid(f"You have reached the maximum of {MOST_ENDPOINTS} webhook endpoints.")
    secret = f"whsec_{secrets.token_hex(16)}"
    record = endpoint(call.box, call.params["url"], call.params["enabled_events"], secret)
    version = call.get("api_version")
    record |= {"api_version": version, "description": call.get("description"), "metadata": new_metadata(call.params)}
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
    if "url" in call.params and not is_address(call.params["url"] or ""):
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid")
    events = call.params.get("enabled_events")
    if events is None:
        return
    if not events:
        raise invalid("Invalid enabled_events: give at least one event type.", "enabled_events")
    if "*" in events and len(events) > 1:
        raise invalid("Invalid enabled_events: '*' stands for all events and cannot be combined.", "enabled_events")


serve_retrieve("GET /v1/webhook_endpoints/{webhook_endpoint}", "webhook_endpoint")
serve_list("GET /v1/webhook_endpoints", "webhook_endpoint")
