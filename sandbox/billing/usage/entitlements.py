"""Which features a customer is entitled to: those of the products in their live subscriptions.

A subscription entitles while it is trialing, active or past due. Whatever a transaction does to subscriptions, items and
product features, the sets of the customers it touched are compared once, before it commits, and a changed set is told.
Assumption: the other states, ``paused`` and ``unpaid`` among them, entitle to nothing.
Simplification: a feature that is attached to a product reaches existing subscribers at once, where Stripe waits for their
next billing period.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.events import difference
from sandbox.rendering import INLINE, envelope
from sandbox.store import Record, new_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox

ENTITLING = ("trialing", "active", "past_due")
ENTITLEMENT = "entitlements.active_entitlement"


class Entitlements:
    """Keeps the active entitlements of customers up to date."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._customers: dict[str, int] = {}
        """Who was touched, and when: a time-driven deed has its own instant."""
        self._products: set[str] = set()
        box.store.watchers.append(self._watch)

    def settle(self) -> None:
        """Compare the sets of the customers that were touched, and tell of those that changed."""
        customers, products = self._customers, self._products
        self._customers, self._products = {}, set()
        if not self._box.store.count("product_feature") and not self._box.store.count(ENTITLEMENT):
            return
        for customer in self._subscribers(products):
            customers.setdefault(customer, self._box.clock.now())
        for customer, instant in customers.items():
            with self._box.clock.at(instant):
                self._compare(customer)

    def of(self, customer: str) -> list[Record]:
        """A customer's active entitlements, oldest first."""
        return self._box.store.of(ENTITLEMENT, "_customer", customer)

    def _watch(self, record: Record) -> None:
        kind = record["object"]
        if kind == "subscription":
            self._customers[record["customer"]] = self._box.clock.now()
        elif kind == "subscription_item":
            subscription = self._box.store.get("subscription", record["subscription"])
            if subscription:
                self._customers[subscription["customer"]] = self._box.clock.now()
        elif kind == "product_feature":
            self._products.add(record["_product"])

    def _subscribers(self, products: set[str]) -> list[str]:
        """The customers whose subscriptions contain one of these products."""
        if not products:
            return []
        store = self._box.store
        items = store.list("subscription_item")
        sold = (item for item in items if store.need("price", item["price"])["product"] in products)
        return [store.need("subscription", item["subscription"])["customer"] for item in sold]

    def _compare(self, customer: str) -> None:
        held = {one["feature"]: one for one in self.of(customer)}
        wanted = self._features(customer)
        if wanted.keys() == held.keys():
            return
        before = self._summary(customer)
        for feature in wanted:
            if feature not in held:
                self._grant(customer, feature)
        for feature, entitlement in held.items():
            if feature not in wanted:
                self._box.store.remove(entitlement)
        after = self._summary(customer)
        name = "entitlements.active_entitlement_summary.updated"
        self._box.events.record_snapshot(name, after, difference(before, after))

    def _features(self, customer: str) -> dict[str, None]:
        """What a customer is entitled to, in the order of subscriptions, items and features."""
        store = self._box.store
        live = (one for one in store.of("subscription", "customer", customer) if one["status"] in ENTITLING)
        items = (store.need("subscription_item", id) for one in live for id in one["items"])
        products = (store.need("price", item["price"])["product"] for item in items)
        features = (one for product in products for one in store.of("product_feature", "_product", product))
        return dict.fromkeys(one["entitlement_feature"] for one in features)

    def _grant(self, customer: str, feature: str) -> None:
        self._box.store.add(
            {
                **self._box.contract.blank(ENTITLEMENT),
                "id": new_id("ent"),
                "feature": feature,
                "lookup_key": self._box.store.need("entitlements.feature", feature)["lookup_key"],
                "_customer": customer,
            }
        )

    def _summary(self, customer: str) -> dict[str, Any]:
        found = self.of(customer)
        shown = [self._box.render(one) for one in found[:INLINE]]
        url = f"/v1/entitlements/active_entitlements?customer={customer}"
        return {
            "object": "entitlements.active_entitlement_summary",
            "customer": customer,
            "entitlements": envelope(shown, url, len(found) > INLINE),
            "livemode": False,
        }
