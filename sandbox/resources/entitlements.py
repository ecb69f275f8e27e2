"""Features, and who is entitled to them.

Assumptions: an archived feature cannot come back, as Stripe calls that permanent; its lookup key may be used again, and
whoever is entitled to it stays so.
"""

from sandbox.billing.usage.entitlements import ENTITLEMENT
from sandbox.crud import changed_fields, new_metadata, serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import cut, page
from sandbox.routing import Call, Page, operation
from sandbox.store import Record, new_id

LONGEST_KEY = 80


@operation("POST /v1/entitlements/features")
def create(call: Call) -> Record:
    key = call.params["lookup_key"]
    if not key or len(key) > LONGEST_KEY:
        raise invalid(f"A lookup key has between 1 and {LONGEST_KEY} characters.", "lookup_key")
    if any(one["lookup_key"] == key and one["active"] for one in call.store.list("entitlements.feature")):
        message = f"A feature with the lookup key {key} already exists."
        raise invalid(message, "lookup_key", "resource_already_exists")
    feature = {
        **call.box.contract.blank("entitlements.feature"),
        "id": new_id("feat"),
        "active": True,
        "lookup_key": key,
        "metadata": new_metadata(call.params),
        "name": call.params["name"],
    }
    return call.store.add(feature)


@operation("POST /v1/entitlements/features/{id}")
def update(call: Call) -> Record:
    feature = call.store.need("entitlements.feature", call.id)
    if call.get("active") and not feature["active"]:
        raise invalid("An archived feature cannot be made active again.", "active")
    call.store.update(feature, **changed_fields(call.params, feature, ("active", "name")))
    return feature


@operation("GET /v1/entitlements/features")
def list_features(call: Call) -> Page:
    """Archived ones only when ``archived`` asks for them."""
    archived = call.params.pop("archived", False)
    return page(call, [one for one in call.store.list("entitlements.feature") if one["active"] != archived])


@operation("GET /v1/entitlements/active_entitlements")
def list_active(call: Call) -> Page:
    customer = call.store.need("customer", call.params["customer"], "customer")
    return cut(call, call.box.entitlements.of(customer["id"])[::-1])


serve_retrieve("GET /v1/entitlements/features/{id}", "entitlements.feature")
serve_retrieve("GET /v1/entitlements/active_entitlements/{id}", ENTITLEMENT)
