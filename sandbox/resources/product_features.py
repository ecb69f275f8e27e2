"""The features of products."""

from sandbox.crud import deleted
from sandbox.errors import invalid, missing_resource
from sandbox.listing import cut
from sandbox.routing import Call, Page, Plain, operation
from sandbox.store import Record, new_id


@operation("POST /v1/products/{product}/features")
def attach(call: Call) -> Record:
    product = call.store.need("product", call.id)
    feature = call.store.need("entitlements.feature", call.params["entitlement_feature"], "entitlement_feature")
    if not feature["active"]:
        raise invalid(f"The feature {feature['id']} is archived.", "entitlement_feature")
    attached = call.store.of("product_feature", "_product", product["id"])
    if any(one["entitlement_feature"] == feature["id"] for one in attached):
        message = f"The feature {feature['id']} is already attached to this product."
        raise invalid(message, "entitlement_feature", "resource_already_exists")
    record = {
        **call.box.contract.blank("product_feature"),
        "id": new_id("prodft"),
        "entitlement_feature": feature["id"],
        "_product": product["id"],
    }
    return call.store.add(record)


@operation("GET /v1/products/{product}/features")
def list_features(call: Call) -> Page:
    product = call.store.need("product", call.id)
    return cut(call, call.store.of("product_feature", "_product", product["id"])[::-1])


@operation("GET /v1/products/{product}/features/{id}")
def retrieve(call: Call) -> Record:
    return _attached(call)


@operation("DELETE /v1/products/{product}/features/{id}")
def detach(call: Call) -> Plain:
    feature = _attached(call)
    call.store.remove(feature)
    return Plain(deleted(feature))


def _attached(call: Call) -> Record:
    feature = call.store.need("product_feature", call.ids["id"])
    if feature["_product"] != call.ids["product"]:
        raise missing_resource("product_feature", feature["id"])
    return feature
