"""From records to the objects the API shows.

The contract says where an object carries others whole (a price in a subscription item, the lines of an invoice); there
a record keeps ids and this module puts the objects in. Fields that are an id until expanded follow the ``expand`` tree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.billing.catalog import redemption
from sandbox.billing.taxes import automatic_tax
from sandbox.contract import Schema
from sandbox.expansion import Tree, check
from sandbox.presence import ABSENT, INCLUDABLE
from sandbox.snapshots import thaw
from sandbox.store import Record

if TYPE_CHECKING:
    from sandbox.core import Sandbox

INLINE = 10
"""How many entries of a list are shown inside another object."""

URLS = {
    ("subscription", "items"): "/v1/subscription_items?subscription={id}",
    ("invoice", "lines"): "/v1/invoices/{id}/lines",
    ("credit_note", "lines"): "/v1/credit_notes/{id}/lines",
    ("invoice", "payments"): "/v1/invoice_payments?invoice={id}",
    ("customer", "subscriptions"): "/v1/customers/{id}/subscriptions",
    ("customer", "tax_ids"): "/v1/customers/{id}/tax_ids",
    ("customer", "sources"): "/v1/customers/{id}/sources",
    ("charge", "refunds"): "/v1/charges/{id}/refunds",
}


def envelope(data: list[Any], url: str, has_more: bool = False) -> dict[str, Any]:
    """A list as the API answers it."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


@dataclass(frozen=True)
class Embedded:
    """A field that holds whole objects of one type: one, an array, or a list envelope."""

    kind: str
    type: str


class Renderer:
    """Makes API objects of records."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._embedded: dict[str, dict[str, Embedded]] = {}

    def render(self, record: Record, expand: Tree) -> dict[str, Any]:
        object_type = record["object"]
        embedded = self._embedded.get(object_type)
        if embedded is None:
            embedded = self._embedded[object_type] = self._find_embedded(object_type)
        shown = {key: value for key, value in record.items() if key[0] != "_"}
        for key in INCLUDABLE.get(object_type, ()):
            if key not in expand:
                shown.pop(key, None)
        for key, field in embedded.items():
            value = shown.get(key)
            if value is not None:
                shown[key] = self._embed(record, key, value, field, expand.get(key, {}))
        for key, compute in COMPUTED.get(object_type, {}).items():
            shown[key] = compute(self, record)
        for key in ABSENT.get(object_type, ()):
            if key in shown and shown[key] is None:
                del shown[key]
        if expand:
            self._expand(record, shown, expand)
        return shown

    def _embed(self, record: Record, key: str, value: Any, field: Embedded, expand: Tree) -> Any:
        if field.kind == "one":
            return self._whole(value, field.type, expand)
        if field.kind == "array":
            return [self._whole(one, field.type, expand) for one in value]
        inner = expand.get("data", {})
        data = [self._whole(one, field.type, inner) for one in value[:INLINE]]
        return envelope(data, URLS[record["object"], key].format(id=record["id"]), len(value) > INLINE)

    def _whole(self, value: Any, object_type: str, expand: Tree) -> Any:
        found = self._box.store.need(object_type, value) if isinstance(value, str) else value
        return self.render(found, expand)

    def _expand(self, record: Record, shown: dict[str, Any], expand: Tree) -> None:
        check(self._box.contract, record["object"], expand)
        embedded = self._embedded[record["object"]]
        for key, inner in expand.items():
            if (record["object"], key) in INCLUDES:
                shown[key] = self._include(record, key, inner)
            elif (record["object"], key) in ON_DEMAND:
                shown[key] = ON_DEMAND[record["object"], key](self._box, record)
            elif key not in embedded:
                shown[key] = self._expanded(shown.get(key), key, inner)

    def _expanded(self, value: Any, hint: str, expand: Tree) -> Any:
        if isinstance(value, str):
            found = self._box.store.locate(value, hint)
            return self.render(found, expand) if found else value
        if isinstance(value, list):
            return [self._expanded(one, hint, expand) for one in value]
        if isinstance(value, dict):
            return {**value, **{key: self._expanded(value.get(key), key, inner) for key, inner in expand.items()}}
        return value

    def _include(self, record: Record, key: str, expand: Tree) -> Any:
        inner = expand.get("data", {})
        found = INCLUDES[record["object"], key](self._box, record)
        data = [self.render(one, inner) for one in found[:INLINE]]
        return envelope(data, URLS[record["object"], key].format(id=record["id"]), len(found) > INLINE)

    def _find_embedded(self, object_type: str) -> dict[str, Embedded]:
        found = {}
        for name, schema in self._box.contract.properties(object_type).items():
            field = self._as_embedded(schema)
            if field:
                found[name] = field
        return found

    def _as_embedded(self, schema: Schema) -> Embedded | None:
        resolved = self._box.contract.resolve(schema)
        if "x-resourceId" in resolved:
            return Embedded("one", resolved["x-resourceId"])
        items = resolved.get("items")
        if resolved.get("type") == "array" and items and (inner := self._as_embedded(items)) and inner.kind == "one":
            return Embedded("array", inner.type)
        data = resolved.get("properties", {}).get("data")
        if data and "has_more" in resolved["properties"] and (inner := self._as_embedded(data)):
            return Embedded("list", inner.type)
        return None


def plan(renderer: Renderer, item: Record) -> dict[str, Any]:
    """The price of a subscription item in the shape of the older ``plan`` object, which the API still sends along."""
    box = renderer._box
    price = box.store.need("price", item["price"])
    recurring = price["recurring"]
    return {
        **box.contract.blank("plan"),
        "id": price["id"],
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "metadata": price["metadata"],
        "meter": recurring["meter"],
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "usage_type": recurring["usage_type"],
    }


def _live_subscriptions(box: Sandbox, customer: Record) -> list[Record]:
    ended = ("canceled", "incomplete_expired")
    found = box.store.of("subscription", "customer", customer["id"])
    return [one for one in reversed(found) if one["status"] not in ended]


def _without_null(shown: dict[str, Any], name: str) -> dict[str, Any]:
    """The same without a field that the API leaves out rather than answering null."""
    return {key: value for key, value in shown.items() if key != name or value is not None}


def _phases(renderer: Renderer, schedule: Record) -> list[dict[str, Any]]:
    """The phases of a schedule with their tax rates put in, which lie too deep for the contract's own way."""

    def whole(entry: dict[str, Any], name: str) -> dict[str, Any]:
        return {**entry, name: [renderer._whole(id, "tax_rate", {}) for id in entry[name]]}

    return [
        {
            **whole(phase, "default_tax_rates"),
            "add_invoice_items": [whole(one, "tax_rates") for one in phase["add_invoice_items"]],
            "items": [_without_null(whole(one, "tax_rates"), "quantity") for one in phase["items"]],
        }
        for phase in schedule["phases"]
    ]


COMPUTED: dict[str, dict[str, Callable[[Renderer, Record], Any]]] = {
    "coupon": {"valid": lambda renderer, coupon: redemption.is_valid(renderer._box, coupon)},
    "event": {"data": lambda renderer, event: thaw(event["data"])},
    "promotion_code": {"active": lambda renderer, promotion: redemption.is_active(renderer._box, promotion)},
    "subscription_item": {"plan": plan},
    "subscription_schedule": {"phases": _phases},
}
"""Fields that are worked out whenever an object is shown."""

INCLUDES: dict[tuple[str, str], Callable[[Sandbox, Record], list[Record]]] = {
    ("customer", "subscriptions"): _live_subscriptions,
    ("customer", "tax_ids"): lambda box, customer: box.store.of("tax_id", "customer", customer["id"]),
    ("customer", "sources"): lambda box, customer: [],
    ("invoice", "payments"): lambda box, invoice: box.store.of("invoice_payment", "invoice", invoice["id"]),
    ("charge", "refunds"): lambda box, charge: box.store.of("refund", "charge", charge["id"])[::-1],
}
"""Lists that appear when expanded, newest first where the API sorts so."""

ON_DEMAND: dict[tuple[str, str], Callable[[Sandbox, Record], Any]] = {("customer", "tax"): automatic_tax.about}
"""Other fields that appear when expanded."""
