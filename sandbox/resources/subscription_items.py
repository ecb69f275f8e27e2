"""Subscription items, to read. Simplification: they are changed through their subscription."""

from sandbox.billing import items
from sandbox.crud import serve_retrieve
from sandbox.listing import cut
from sandbox.routing import Call, Page, operation


@operation("GET /v1/subscription_items")
def list_items(call: Call) -> Page:
    subscription = call.store.need("subscription", call.params["subscription"], "subscription")
    return cut(call, items.of(call.box, subscription))


serve_retrieve("GET /v1/subscription_items/{item}", "subscription_item")
