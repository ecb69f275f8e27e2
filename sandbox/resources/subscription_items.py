"""Subscription items: each request is an update of their subscription, refused and billed as such."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.billing.schedules import subscription_phases
from sandbox.billing.subscriptions import changes, items
from sandbox.crud import refuse, serve_retrieve
from sandbox.errors import ApiError, invalid
from sandbox.listing import cut
from sandbox.routing import Call, Page, Plain, operation
from sandbox.store import Record

OF_SUBSCRIPTION = ("off_session", "payment_behavior", "proration_behavior", "proration_date")
UNSUPPORTED = ("billing_thresholds", "current_trial", "plan")


@operation("GET /v1/subscription_items")
def list_items(call: Call) -> Page:
    subscription = call.store.need("subscription", call.params["subscription"], "subscription")
    return cut(call, items.of(call.box, subscription))


@operation("POST /v1/subscription_items")
def create(call: Call) -> Record | Plain:
    subscription = call.store.need("subscription", call.params["subscription"], "subscription")
    if not call.get("price") and not call.get("price_data"):
        raise invalid("Missing required param: price.", "price", "parameter_missing")
    known = set(subscription["items"])
    _change(call, subscription, {})
    added = [item for item in items.of(call.box, subscription) if item["id"] not in known]
    return added[0] if added else Plain(_pending_item(subscription, known))


@operation("POST /v1/subscription_items/{item}")
def update(call: Call) -> Record:
    item = call.store.need("subscription_item", call.id)
    _change(call, call.store.need("subscription", item["subscription"]), {"id": item["id"]})
    return item


@operation("DELETE /v1/subscription_items/{item}")
def delete(call: Call) -> Plain:
    item = call.store.need("subscription_item", call.id)
    _change(call, call.store.need("subscription", item["subscription"]), {"id": item["id"], "deleted": True})
    return Plain({"id": item["id"], "object": "subscription_item", "deleted": True})


def _change(call: Call, subscription: Record, item: dict[str, Any]) -> None:
    """Update the subscription with what the request says of one item."""
    refuse(call.params, UNSUPPORTED)
    others = {name: call.params[name] for name in OF_SUBSCRIPTION if name in call.params}
    given = {name: value for name, value in call.params.items() if name not in (*OF_SUBSCRIPTION, "subscription")}
    with _own_names():
        changes.update(call.box, subscription, {**others, "items": [{**item, **given}]})
    subscription_phases.mirror(call.box, subscription)


@contextmanager
def _own_names() -> Iterator[None]:
    """Errors name the parameters as they are called here: not ``items[0][price]``."""
    try:
        yield
    except ApiError as error:
        param = error.error.get("param", "")
        if param.startswith("items[0]["):
            name, rest = param.removeprefix("items[0][").split("]", 1)
            error.error["param"] = name + rest
        raise


def _pending_item(subscription: Record, known: set[str]) -> Record:
    """An item that comes when its payment does."""
    waiting = (subscription["pending_update"] or {}).get("subscription_items", [])
    found: Record = next(one for one in waiting if one["id"] not in known)
    return found


serve_retrieve("GET /v1/subscription_items/{item}", "subscription_item")
