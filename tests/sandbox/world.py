"""A sandbox without a server whose clock stands still between turns: fast enough for hundreds of random lives."""

import random
from types import SimpleNamespace
from typing import Any

import pytest
from stripe._encode import _api_encode

from sandbox.core import Sandbox, Settings
from sandbox.server import create_app
from tests.sandbox.conftest import START

KEY = {"Authorization": "Bearer sk_test_sandbox"}
Object = dict[str, Any]


class World:
    """Asks the API in process; answers plain objects, errors included."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sandbox.clock.time", SimpleNamespace(time=lambda: 1_700_000_000.0))
        self.box = Sandbox(Settings(start_at=START))
        self._app = create_app(self.box).test_client()

    def post(self, path: str, **params: Any) -> Object:
        return dict(self._app.post(f"/v1/{path}", data=dict(_api_encode(params)), headers=KEY).json)

    def get(self, path: str, **params: Any) -> Object:
        answer = self._app.get(f"/v1/{path}", query_string=dict(_api_encode(params)), headers=KEY)
        return dict(answer.json)

    def now(self) -> int:
        return self.box.clock.now()

    def turn(self, to: int) -> None:
        self.box.clock.advance(max(to, self.now()))

    def customer(self, **more: Any) -> str:
        """Somebody with a card that pays."""
        id = self.post("customers", name="Ada", **more)["id"]
        card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2076}
        method = self.post("payment_methods", type="card", card=card)["id"]
        self.post(f"payment_methods/{method}/attach", customer=id)
        self.post(f"customers/{id}", invoice_settings={"default_payment_method": method})
        return str(id)

    def price(self, amount: int, interval: str = "month", **more: Any) -> str:
        product = self.post("products", name=f"Plan {amount}")["id"]
        recurring = {"interval": interval, **more.pop("recurring", {})}
        money = {} if "tiers" in more else {"unit_amount": amount}
        made = self.post("prices", product=product, currency="usd", recurring=recurring, **money, **more)
        return str(made["id"])

    def invoice(self, subscription: str) -> Object:
        """The latest invoice of a subscription."""
        return self.get(f"invoices/{self.get(f'subscriptions/{subscription}')['latest_invoice']}")


def seen(invoice: Object) -> Object:
    """What a preview and the invoice it foretells must have in common, line by line."""
    sums = ("subtotal", "total", "total_excluding_tax", "amount_due", "starting_balance", "currency")
    return {
        **{name: invoice[name] for name in sums},
        "lines": [_line(line) for line in invoice["lines"]["data"]],
        "off": [one["amount"] for one in invoice["total_discount_amounts"]],
        "taxes": [(one["amount"], one["taxable_amount"]) for one in invoice["total_taxes"]],
    }


def _line(line: Object) -> tuple[Any, ...]:
    details = line["parent"][line["parent"]["type"]]
    price = (line["pricing"] or {}).get("price_details")
    return (
        *(line[name] for name in ("amount", "description", "quantity")),
        (line["period"]["start"], line["period"]["end"]),
        [one["amount"] for one in line["discount_amounts"]],
        [one["amount"] for one in line["taxes"]],
        details["proration"],
        price and price["price"],
    )


class Changes:
    """Random changes of one subscription, all decided by one pair of dice."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice = world, random.Random(seed)
        meter = world.post(
            "billing/meters", display_name="Calls", event_name="calls", default_aggregation={"formula": "sum"}
        )
        tiers = [{"up_to": 3, "unit_amount": 777, "flat_amount": 99}, {"up_to": "inf", "unit_amount": 333}]
        self.licensed = [
            *(world.price(amount) for amount in (999, 3100, 9900)),
            world.price(700, "week"),
            world.price(8999, recurring={"interval_count": 3}),
            world.price(99000, "year"),
            world.price(0, tiers=tiers, billing_scheme="tiered", tiers_mode="graduated"),
        ]
        self.metered = world.price(3, recurring={"usage_type": "metered", "meter": meter["id"]})
        self.coupons = [
            world.post("coupons", percent_off="15", duration="forever")["id"],
            world.post("coupons", percent_off="33.3", duration="repeating", duration_in_months=2)["id"],
            world.post("coupons", amount_off=500, currency="usd", duration="once")["id"],
        ]
        self.rates = [
            world.post("tax_rates", display_name="VAT", percentage="19", inclusive=inclusive)["id"]
            for inclusive in (False, True)
        ]
        self.customer = world.customer()

    def subscribe(self) -> str:
        made = self.world.post(
            "subscriptions",
            customer=self.customer,
            items=[{"price": self.dice.choice(self.licensed), "quantity": self.dice.randint(1, 4)}],
            default_tax_rates=[self.dice.choice(self.rates)],
        )
        return str(made["id"])

    def use(self) -> None:
        payload = {"stripe_customer_id": self.customer, "value": str(self.dice.randint(1, 400))}
        self.world.post("billing/meter_events", event_name="calls", payload=payload)

    def draw(self, subscription: Object) -> Object:
        """The parameters of a change, as an update takes them."""
        dice = self.dice
        wish: Object = {
            "proration_behavior": dice.choice(("always_invoice", "always_invoice", "create_prorations", "none"))
        }
        if dice.random() < 0.9:
            wish["items"] = self._items(subscription)
        if dice.random() < 0.2:
            wish["discounts"] = dice.choice(("", [{"coupon": dice.choice(self.coupons)}]))
        if dice.random() < 0.2:
            wish["default_tax_rates"] = dice.choice(("", [dice.choice(self.rates)]))
        starts = max(item["current_period_start"] for item in subscription["items"]["data"])
        if dice.random() < 0.3:
            wish["proration_date"] = dice.randint(starts, max(starts, self.world.now()))
        if dice.random() < 0.15:
            wish["billing_cycle_anchor"] = {"type": "now"}
        if dice.random() < 0.15:
            wish["cancel_at"] = self.world.now() + dice.randint(1, 60) * 86400
        elif subscription["cancel_at"]:
            wish["cancel_at"] = ""
        return wish

    def _items(self, subscription: Object) -> list[Object]:
        dice = self.dice
        used = [item["price"]["id"] for item in subscription["items"]["data"]]
        free = [price for price in (*self.licensed, self.metered) if price not in used]
        item = dice.choice(subscription["items"]["data"])
        is_metered = item["price"]["recurring"]["usage_type"] == "metered"
        kind = dice.random()
        if kind < 0.2 and len(used) < 4 and free:
            return [{"price": dice.choice(free)}]
        if kind < 0.35 and len(used) > 1:
            return [{"id": item["id"], "deleted": True}]
        if kind < 0.6 and not is_metered:
            return [{"id": item["id"], "quantity": dice.randint(1, 6)}]
        target = dice.choice(free)
        return [
            {"id": item["id"], "price": target} | ({} if target == self.metered else {"quantity": dice.randint(1, 4)})
        ]
