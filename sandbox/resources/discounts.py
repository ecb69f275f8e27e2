"""Discounts, to take away.

Assumptions: a subscription with several discounts loses them all and the answer is the first of them; without any, both
answer ``resource_missing``.
"""

from sandbox.billing.invoices import discounts
from sandbox.billing.schedules import subscription_phases
from sandbox.crud import deleted
from sandbox.errors import ApiError
from sandbox.resources.customers import existing
from sandbox.routing import Call, Plain, operation
from sandbox.store import Record


@operation("DELETE /v1/customers/{customer}/discount")
def delete_of_customer(call: Call) -> Plain:
    customer = existing(call)
    return _delete(call, customer, [customer["discount"]] if customer["discount"] else [])


@operation("DELETE /v1/subscriptions/{subscription_exposed_id}/discount")
def delete_of_subscription(call: Call) -> Plain:
    subscription = call.store.need("subscription", call.id)
    answer = _delete(call, subscription, subscription["discounts"])
    subscription_phases.mirror(call.box, subscription)
    return answer


def _delete(call: Call, owner: Record, ids: list[str]) -> Plain:
    found = [call.store.need("discount", id) for id in ids]
    if not found:
        message = f"No active discount for {owner['object']}: '{owner['id']}'"
        raise ApiError(message, status=404, code="resource_missing")
    for discount in found:
        discounts.drop(call.box, discount)
    return Plain(deleted(found[0]))
