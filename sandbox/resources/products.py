"""Products.

Assumption: a product is archived whatever its prices, and deleted only without any.
"""

from typing import Any

from sandbox.billing.catalog import price_record
from sandbox.crud import changed_fields, deleted, new_metadata, serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.routing import Call, Plain, operation
from sandbox.search import serve_search
from sandbox.store import Record, new_id

PLAIN = [
    "active",
    "default_price",
    "description",
    "images",
    "marketing_features",
    "name",
    "package_dimensions",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "tax_details",
    "unit_label",
    "url",
]


@operation("POST /v1/products")
def create(call: Call) -> Record:
    product = from_data(call, call.params)
    if "default_price_data" in call.params:
        price = call.store.add(price_record.build(call.box, call.params["default_price_data"], product, active=True))
        call.store.update(product, default_price=price["id"])
        call.box.events.record("price.created", price)
    call.box.events.record("product.created", product)
    return product


def from_data(call: Call, data: dict[str, Any]) -> Record:
    """Store a product of ``product`` or ``product_data`` parameters; the caller tells of it."""
    now = call.box.clock.now()
    if data.get("id") and call.store.get("product", data["id"]):
        raise invalid(f"Product already exists: {data['id']}", "id", "resource_already_exists")
    return call.store.add(
        {
            **call.box.contract.blank("product"),
            "active": True,
            "images": [],
            "marketing_features": [],
            "type": "service",
            **{name: data[name] for name in PLAIN if name in data},
            "id": data.get("id") or new_id("prod", 14),
            "created": now,
            "metadata": new_metadata(data),
            "updated": now,
        }
    )


@operation("POST /v1/products/{id}")
def update(call: Call) -> Record:
    product = call.store.need("product", call.id)
    _check_default(call, product)
    with call.box.events.updating(product):
        changes = changed_fields(call.params, product, PLAIN)
        for name in ("images", "marketing_features"):
            # An empty value empties a list; it does not make it null.
            changes[name] = changes.get(name, product[name]) or []
        call.store.update(product, **changes, updated=call.box.clock.now())
    return product


def _check_default(call: Call, product: Record) -> None:
    if not call.get("default_price"):
        return
    price = call.store.need("price", call.params["default_price"], "default_price")
    if price["product"] != product["id"]:
        raise invalid(f"The price {price['id']} belongs to another product.", "default_price")
    if not price["active"]:
        raise invalid(f"The price {price['id']} is inactive and cannot be a default price.", "default_price")


@operation("DELETE /v1/products/{id}")
def delete(call: Call) -> Plain:
    product = call.store.need("product", call.id)
    if call.store.of("price", "product", product["id"]):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.", "id")
    call.store.remove(product)
    call.box.events.record("product.deleted", product)
    return Plain(deleted(product))


def _is_named(product: Record, ids: list[str]) -> bool:
    return product["id"] in ids


serve_retrieve("GET /v1/products/{id}", "product")
serve_list("GET /v1/products", "product", ids=_is_named)
serve_search("GET /v1/products/search", "product")
