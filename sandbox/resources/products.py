"""Products."""

from sandbox.crud import changed_fields, deleted, new_metadata, refuse, serve_retrieve
from sandbox.errors import invalid
from sandbox.listing import serve_list
from sandbox.routing import Call, Plain, operation
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
    refuse(call.params, ("default_price_data",))
    if call.get("id") and call.store.get("product", call.params["id"]):
        raise invalid(f"Product already exists: {call.params['id']}", "id", "resource_already_exists")
    product = from_data(call, call.params)
    call.box.events.record("product.created", product)
    return product


def from_data(call: Call, data: dict[str, object]) -> Record:
    """Store a product of ``product`` or ``product_data`` parameters; the caller tells of it."""
    now = call.box.clock.now()
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
    if call.get("default_price"):
        call.store.need("price", call.params["default_price"], "default_price")
    with call.box.events.updating(product):
        call.store.update(product, **changed_fields(call.params, product, PLAIN), updated=call.box.clock.now())
    return product


@operation("DELETE /v1/products/{id}")
def delete(call: Call) -> Plain:
    product = call.store.need("product", call.id)
    if call.store.of("price", "product", product["id"]):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    call.store.remove(product)
    call.box.events.record("product.deleted", product)
    return Plain(deleted(product))


def _is_named(product: Record, ids: list[str]) -> bool:
    return product["id"] in ids


serve_retrieve("GET /v1/products/{id}", "product")
serve_list("GET /v1/products", "product", ids=_is_named)
