"""Money for parts of periods, without a server."""

import random
from decimal import Decimal

import pytest

from sandbox import proration
from sandbox.billing.catalog import pricing, shares
from tests.sandbox.world import World

MONTH = 31 * 86400


def test_parts_of_a_period_add_up_to_within_a_cent():
    dice = random.Random(1)
    for _ in range(2000):
        amount = dice.randrange(-100_000, 100_000)
        a, b, c = sorted(dice.randrange(MONTH + 1) for _ in range(3))
        parts = proration.share(amount, a, b, 0, MONTH) + proration.share(amount, b, c, 0, MONTH)
        assert abs(parts - proration.share(amount, a, c, 0, MONTH)) <= 1


def test_a_credit_mirrors_the_debit_it_gives_back():
    dice = random.Random(2)
    for _ in range(500):
        amount, at = dice.randrange(1, 100_000), dice.randrange(MONTH)
        assert proration.credit(amount, at, 0, MONTH) == -proration.share(amount, at, MONTH, 0, MONTH)
    assert proration.credit(1000, 0, 0, MONTH) == -1000
    assert proration.credit(1000, MONTH, 0, MONTH) == 0


def test_halves_round_away_from_zero():
    assert [pricing.rounded(Decimal(text)) for text in ("0.5", "-0.5", "1.5", "-2.5", "0.49")] == [1, -1, 2, -3, 0]


def test_a_split_discount_loses_no_cent():
    dice = random.Random(3)
    for _ in range(500):
        parts = {str(number): dice.randrange(0, 5000) for number in range(dice.randrange(1, 9))}
        total = dice.randrange(0, 20_000)
        found = shares.allocate(total, parts)
        assert sum(found.values()) == min(total, sum(parts.values()))
        assert all(0 <= found[id] <= part for id, part in parts.items())


def test_amounts_are_written_in_their_currency():
    shown = [pricing.money(Decimal(amount), currency) for amount, currency in (("9900", "usd"), ("0.04", "usd"))]
    assert shown == ["$99.00", "$0.0004"]
    assert pricing.money(Decimal("1250"), "jpy") == "¥1,250"
    assert pricing.money(Decimal("1250"), "kwd") == "1.250 KWD"


@pytest.mark.parametrize("seed", range(8))
def test_whatever_changes_within_a_month_it_costs_the_time_each_plan_ran(seed, monkeypatch):
    """Credits give back what was asked and not a cent more, billed or still pending, with a discount or without."""
    world, dice = World(monkeypatch), random.Random(seed)
    prices = {world.price(amount): amount for amount in (1000, 3100, 9900)}
    coupon = world.post("coupons", percent_off="20", duration="forever")["id"]
    discount = {"discounts": [{"coupon": coupon}]} if seed % 2 else {}
    held = {"price": next(iter(prices)), "quantity": 2}
    made = world.post("subscriptions", customer=world.customer(), items=[held], **discount)
    since, item = made["start_date"], made["items"]["data"][0]
    end, due, count = item["current_period_end"], Decimal(0), 14
    for instant in [*sorted(dice.randint(since, end - 1) for _ in range(count)), end]:
        world.turn(instant)
        due += Decimal(prices[held["price"]] * held["quantity"] * (instant - since)) / (
            end - item["current_period_start"]
        )
        since, held = instant, {"price": dice.choice(list(prices)), "quantity": dice.randint(1, 4)}
        behavior = dice.choice(("always_invoice", "create_prorations"))
        if dice.random() < 0.3:
            until = dice.choice(("", instant + dice.randint(1, max(1, end - instant - 1))))
            world.post(f"subscriptions/{made['id']}", cancel_at=until, proration_behavior=behavior)
        if instant < end:
            world.post(f"subscriptions/{made['id']}", items=[{"id": item["id"], **held}], cancel_at="")
    spent = [line for line in world.box.store.list("line_item") if line["period"]["end"] <= end]
    total = sum(line["amount"] - sum(one["amount"] for one in line["discount_amounts"]) for line in spent)
    assert abs(total - due * (Decimal("0.8") if discount else 1)) <= 3 * count


def test_an_upgrade_and_a_downgrade_at_once_cost_nothing(monkeypatch):
    world = World(monkeypatch)
    cheap, dear = world.price(999), world.price(9900)
    coupon = world.post("coupons", percent_off="15", duration="forever")["id"]
    for discounts in ([], [{"coupon": coupon}]):
        made = world.post("subscriptions", customer=world.customer(), items=[{"price": cheap}], discounts=discounts)
        world.turn(world.now() + MONTH // 3)
        item = made["items"]["data"][0]["id"]
        world.post(f"subscriptions/{made['id']}", items=[{"id": item, "price": dear}])
        change = {"items": [{"id": item, "price": cheap}], "proration_behavior": "always_invoice"}
        world.post(f"subscriptions/{made['id']}", **change)
        assert abs(world.invoice(made["id"])["total"]) <= 1


def test_the_same_debit_is_credited_once(monkeypatch):
    """Of two changes that wait and one that is billed, only the last is left to give back."""
    world = World(monkeypatch)
    prices = [world.price(amount) for amount in (3100, 6200, 9300)]
    made = world.post("subscriptions", customer=world.customer(), items=[{"price": prices[0]}])
    item = made["items"]["data"][0]["id"]
    world.post(f"subscriptions/{made['id']}", items=[{"id": item, "price": prices[1]}])
    for price in (prices[2], prices[0]):
        change = {"items": [{"id": item, "price": price}], "proration_behavior": "always_invoice"}
        world.post(f"subscriptions/{made['id']}", **change)
    assert [line["amount"] for line in world.invoice(made["id"])["lines"]["data"]] == [-9300, 3100]
