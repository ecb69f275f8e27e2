"""Subscriptions."""

from sandbox.billing.schedules import subscription_phases
from sandbox.billing.subscriptions import canceling, changes, endings, items, pausing, subscriptions
from sandbox.crud import refuse, serve_retrieve
from sandbox.listing import candidates, page
from sandbox.routing import Call, Page, operation
from sandbox.store import Record


@operation("POST /v1/subscriptions")
def create(call: Call) -> Record:
    return subscriptions.create(call.box, call.params)


@operation("POST /v1/subscriptions/{subscription_exposed_id}")
def update(call: Call) -> Record:
    subscription = call.store.need("subscription", call.id)
    changes.update(call.box, subscription, call.params)
    subscription_phases.mirror(call.box, subscription)
    return subscription


@operation("DELETE /v1/subscriptions/{subscription_exposed_id}")
def cancel(call: Call) -> Record:
    subscription = call.store.need("subscription", call.id)
    canceling.cancel_now(call.box, subscription, call.params)
    return subscription


@operation("POST /v1/subscriptions/{subscription}/pause")
def pause(call: Call) -> Record:
    subscription = call.store.need("subscription", call.id)
    pausing.pause(call.box, subscription, call.params)
    return subscription


@operation("POST /v1/subscriptions/{subscription}/resume")
def resume(call: Call) -> Record:
    subscription = call.store.need("subscription", call.id)
    pausing.resume(call.box, subscription, call.params)
    return subscription


@operation("GET /v1/subscriptions")
def list_subscriptions(call: Call) -> Page:
    """Without ``status`` those that are over stay out."""
    refuse(call.params, ("current_period_end", "current_period_start", "plan"))
    found = candidates(call, "subscription")
    if "status" not in call.params:
        found = [one for one in found if one["status"] not in endings.OVER]
    price = call.params.pop("price", None)
    if price:
        found = [one for one in found if any(item["price"] == price for item in items.of(call.box, one))]
    return page(call, found, {"status": _has_status})


def _has_status(subscription: Record, wanted: str) -> bool:
    if wanted == "ended":
        return subscription["status"] in endings.OVER
    return wanted == "all" or bool(subscription["status"] == wanted)


serve_retrieve("GET /v1/subscriptions/{subscription_exposed_id}", "subscription")
