"""However the clock is turned, the same things happen: the same objects, the same events, down to the ids.

Chance and machine time stand still here, so that two runs can be compared literally.
"""

import json
import random
import re
from types import SimpleNamespace
from typing import Any

import pytest
from stripe._encode import _api_encode

from sandbox.core import Sandbox, Settings
from sandbox.server import create_app
from tests.sandbox.conftest import START

DAY = 86400
SPAN = 120 * DAY
KEY = {"Authorization": "Bearer sk_test_sandbox"}
CARDS = [*["pm_card_visa"] * 5, "pm_card_chargeCustomerFail", "pm_card_authenticationRequired"]


class Shop:
    """A sandbox without a server, asked through its app."""

    def __init__(self) -> None:
        self.box = Sandbox(Settings(start_at=START))
        self._app = create_app(self.box).test_client()

    def ask(self, path: str, **params: Any) -> dict[str, Any]:
        answer = self._app.post(f"/v1/{path}", data=dict(_api_encode(params)), headers=KEY)
        assert answer.status_code in (200, 402), answer.json
        return dict(answer.json)

    def state(self) -> dict[str, list[Any]]:
        """Every object of every type. The secrets in the addresses of invoices are drawn elsewhere."""
        store = self.box.store
        shown = {name: [self.box.render(one) for one in store.list(name)] for name in store.types()}
        return dict(json.loads(re.sub(r"/test_[\w-]{40,}", "/test_secret", json.dumps(shown))))


def prices(shop: Shop) -> list[str]:
    product = shop.ask("products", name="Growth")["id"]
    meter = shop.ask("billing/meters", display_name="Calls", event_name="calls", default_aggregation={"formula": "sum"})
    kinds: list[dict[str, Any]] = [
        {"recurring": {"interval": "week"}, "unit_amount": 700},
        {"recurring": {"interval": "month"}, "unit_amount": 3100},
        {"recurring": {"interval": "month", "interval_count": 2}, "unit_amount": 0},
        {"recurring": {"interval": "month", "usage_type": "metered", "meter": meter["id"]}, "unit_amount": 3},
        {"recurring": {"interval": "year"}, "unit_amount": 99000},
    ]
    return [shop.ask("prices", product=product, currency="usd", **kind)["id"] for kind in kinds]


def subscribe(shop: Shop, dice: random.Random, known: list[str], coupon: str) -> None:
    """A customer, and a subscription of some kind."""
    customer = shop.ask("customers", name="Ada")["id"]
    method = shop.ask(f"payment_methods/{dice.choice(CARDS)}/attach", customer=customer)["id"]
    ways: list[dict[str, Any]] = [
        {},
        {"trial_period_days": dice.randint(1, 40)},
        {"trial_period_days": 9, "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}},
        {"cancel_at_period_end": True},
        {"cancel_at": START + dice.randint(40, 100) * DAY},
        {"billing_cycle_anchor": START + dice.randint(1, 6) * DAY},
        {"payment_behavior": "default_incomplete"},
        {"collection_method": "send_invoice", "days_until_due": dice.randint(0, 20)},
        {"discounts": [{"coupon": coupon}]},
    ]
    way = dice.choice(ways)
    card = {} if "trial_settings" in way or "collection_method" in way else {"default_payment_method": method}
    items = [{"price": price} for price in dice.sample(known, dice.randint(1, 2))]
    made = shop.ask("subscriptions", customer=customer, items=items, **way, **card)
    if dice.random() < 0.2 and "id" in made:
        behavior = dice.choice(["keep_as_draft", "void", "mark_uncollectible"])
        shop.ask(
            f"subscriptions/{made['id']}",
            pause_collection={"behavior": behavior, "resumes_at": START + dice.randint(10, 90) * DAY},
        )
    usage = {"event_name": "calls", "payload": {"stripe_customer_id": customer, "value": str(dice.randint(1, 99))}}
    shop.ask("billing/meter_events", **usage)


def steps(kind: str, dice: random.Random) -> list[int]:
    """The instants to stop at."""
    if kind == "one jump":
        return [START + SPAN]
    if kind == "day by day":
        return [START + day * DAY for day in range(1, SPAN // DAY + 1)]
    return [*sorted(dice.randint(START, START + SPAN) for _ in range(30)), START + SPAN]


def life(seed: int, kind: str) -> dict[str, list[Any]]:
    """What the sandbox holds after a random shop lived through the span in one way."""
    random.seed(seed)
    dice, shop = random.Random(seed), Shop()
    known = prices(shop)
    coupon = shop.ask("coupons", percent_off="10", duration="repeating", duration_in_months=2)["id"]
    for _ in range(8):
        subscribe(shop, dice, known, coupon)
    for instant in steps(kind, dice):
        shop.box.clock.advance(instant)
    assert list(shop.box.observation.violations) == []
    return shop.state()


@pytest.mark.parametrize("seed", range(3))
def test_one_jump_days_and_any_steps_come_to_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.clock.time", SimpleNamespace(time=lambda: 1_700_000_000.0))
    whole = life(seed, "one jump")
    assert len(whole["event"]) > 50
    for kind in ("day by day", "any steps"):
        again = life(seed, kind)
        assert {name: len(records) for name, records in again.items()} == {
            name: len(records) for name, records in whole.items()
        }
        for name, records in whole.items():
            assert again[name] == records, name
