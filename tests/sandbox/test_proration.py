"""Money for parts of periods, without HTTP."""

import random
from decimal import Decimal

from sandbox import proration
from sandbox.billing import pricing, shares

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
