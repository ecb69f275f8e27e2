"""Why a line costs what it costs, from its facts alone."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from flask import Flask

from app.core import i18n
from app.core.extensions import db
from app.core.money import Money
from app.gateway.client import client
from app.gateway.lines import LineDiscount, LineTax
from app.invoices.models import Invoice, InvoiceLine
from app.subscriptions.explanations import lines, why
from app.subscriptions.explanations.lines import Line, Paid
from app.subscriptions.explanations.shares import Share
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Sandbox, work

NOVEMBER, DECEMBER = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
MONTH = Line(
    description="never read",
    currency="usd",
    amount=89700,
    quantity=Decimal(3),
    unit_amount=Decimal(29900),
    period_start=NOVEMBER,
    period_end=DECEMBER,
    is_proration=False,
)
REST = replace(MONTH, amount=35880, period_start=datetime(2026, 11, 19, tzinfo=UTC), is_proration=True)
CREDIT = replace(REST, amount=-3960, quantity=Decimal(1), unit_amount=Decimal(9900))
SAVE20 = LineDiscount(17940, "SAVE20", Decimal(20))
VAT = LineTax(13634, Decimal(19), is_inclusive=False, reason="standard_rated")


@pytest.fixture(autouse=True)
def inside(whole_app: Flask):
    with whole_app.app_context():
        yield


def said(line: Line, locale: str = "en_US") -> str:
    with i18n.using(locale, "UTC"):
        return why.explain(line).sentence.replace("\xa0", " ")


def said_in_all(line: Line) -> str:
    with i18n.using("en_US", "UTC"):
        return why.explain(line).whole_sentence.replace("\xa0", " ")


def test_a_whole_period_is_quantity_times_price() -> None:
    assert said(MONTH) == "1 Nov 2026 – 1 Dec 2026 (30 days): 3 × $299.00."


def test_a_single_one_is_not_counted() -> None:
    assert said(replace(MONTH, quantity=Decimal(1), amount=29900)).endswith("(30 days): $299.00.")


def test_discount_and_tax_are_named() -> None:
    sentence = said_in_all(replace(MONTH, discounts=(SAVE20,), taxes=(VAT,)))
    assert sentence.endswith("3 × $299.00, minus 20% SAVE20 ($179.40), plus 19% tax ($136.34).")


def test_a_discount_without_a_name_is_a_discount() -> None:
    assert "minus discount ($5.00)" in said_in_all(replace(MONTH, discounts=(LineDiscount(500, "", None),)))


def test_tax_may_be_included_or_the_customers_own() -> None:
    assert said(replace(MONTH, taxes=(replace(VAT, is_inclusive=True),))).endswith("19% tax included ($136.34).")
    assert said_in_all(replace(MONTH, taxes=(LineTax(0, None, False, "reverse_charge"),))).endswith("(reverse charge).")


def test_beside_its_own_amount_a_line_takes_nothing_off_and_puts_nothing_on() -> None:
    assert said(replace(MONTH, discounts=(SAVE20,), taxes=(VAT,))).endswith("(30 days): 3 × $299.00.")


def test_discounts_are_summed_up_by_name() -> None:
    both = [replace(MONTH, discounts=(SAVE20,)), replace(REST, discounts=(replace(SAVE20, amount=60),))]
    with i18n.using("en_US", "UTC"):
        assert why.discounts(both) == [("20% SAVE20", Money(18000, "usd"))]


def test_the_rest_of_a_period_is_days_where_they_multiply_out() -> None:
    assert said(REST) == (
        "The rest of the period at the new price, 19 Nov 2026 – 1 Dec 2026: 12 of 30 days at 3 × $299.00."
    )


def test_hours_where_days_do_not_multiply_out() -> None:
    line = replace(REST, period_start=REST.period_start + timedelta(hours=5), amount=35257)
    assert why.explain(line).share == Share(283, 720, 3600)
    assert "283 of 720 hours" in said(line)


def test_seconds_where_hours_do_not_either() -> None:
    line = replace(REST, period_start=REST.period_start + timedelta(hours=5, seconds=1234), amount=35214)
    assert "1,017,566 of 2,592,000 seconds" in said(line)


def test_a_credit_is_of_the_old_price() -> None:
    assert said(CREDIT) == (
        "Credit for unused time at the old price, 19 Nov 2026 – 1 Dec 2026: 12 of 30 days at $99.00."
    )


def test_a_credit_is_of_what_was_paid_where_that_is_known() -> None:
    credit = replace(CREDIT, amount=-3168, paid=Paid(7920, NOVEMBER, DECEMBER))
    assert said(credit).endswith("12 of 30 days of the $79.20 paid for that time.")
    assert why.explain(credit).worked_out == credit.total


def test_what_does_not_multiply_out_names_its_period_alone() -> None:
    assert said(replace(REST, amount=12345)) == "19 Nov 2026 – 1 Dec 2026: $123.45."
    assert said(replace(CREDIT, amount=-1)).startswith("Credit for unused time, 19 Nov 2026 – 1 Dec 2026")


def test_a_trial_costs_nothing() -> None:
    assert said(replace(MONTH, amount=0)).endswith("nothing is charged for this time.")


def test_usage_keeps_the_decimals_of_its_price() -> None:
    usage = replace(MONTH, quantity=Decimal(12345), unit_amount=Decimal("0.04"), amount=494)
    assert said(usage).endswith("12,345 × $0.0004.")
    assert said(replace(usage, quantity=Decimal(0), amount=0)).endswith("0 × $0.0004.")


@pytest.mark.parametrize(
    ("currency", "locale", "sentence"),
    [
        ("jpy", "en_US", "1 Nov 2026 – 1 Dec 2026 (30 days): 3 × ¥29,900."),
        ("kwd", "en_US", "1 Nov 2026 – 1 Dec 2026 (30 days): 3 × KWD 29.900."),
        ("eur", "de_DE", "01.11.2026 – 01.12.2026 (30 days): 3 × 299,00 €."),
    ],
)
def test_any_currency_and_locale(currency: str, locale: str, sentence: str) -> None:
    assert said(replace(MONTH, currency=currency), locale) == sentence


@pytest.mark.parametrize(
    ("start", "end", "whole"),
    [
        (datetime(2027, 2, 10, tzinfo=UTC), datetime(2027, 2, 28, tzinfo=UTC), 28),  # anchored on the 31st
        (datetime(2027, 3, 10, tzinfo=UTC), datetime(2027, 3, 31, tzinfo=UTC), 31),
        (datetime(2028, 2, 10, tzinfo=UTC), datetime(2028, 3, 15, tzinfo=UTC), 366),
        (datetime(2026, 11, 10, tzinfo=UTC), datetime(2027, 1, 15, tzinfo=UTC), 365),
    ],
)
def test_the_calendar_says_how_long_the_whole_was(start: datetime, end: datetime, whole: int) -> None:
    amount = why.shares.rounded(Fraction(299000 * (end - start).days, whole))
    line = replace(REST, quantity=Decimal(1), unit_amount=Decimal(299000), amount=amount)
    line = replace(line, period_start=start, period_end=end)
    assert why.explain(line).share == Share((end - start).days, whole, 86400)


def test_a_kept_line_is_the_same_line() -> None:
    line = replace(CREDIT, discounts=(SAVE20,), taxes=(VAT,), paid=Paid(7920, NOVEMBER, DECEMBER))
    assert lines.restored(lines.stored(line), "usd") == line
    assert lines.restored({"description": "1 × Growth", "amount": 9900}, "usd") is None


def explained(browser: Browser) -> list[InvoiceLine]:
    """Every billed line, after checking that what it multiplies out to is its amount."""
    found = list(db.session.scalars(db.select(InvoiceLine).order_by(InvoiceLine.id)))
    for line in found:
        worked_out = why.explain(line.facts).worked_out
        assert worked_out is not None, line.description
        assert abs(worked_out.amount - line.amount) <= 1, line.description
    return found


@pytest.mark.parametrize("seed", range(3))
def test_random_changes_multiply_out(
    ada: Browser, nexus: Callable, subscribe: Callable[..., None], sandbox: Sandbox, seed: int
) -> None:
    chance = random.Random(seed)
    subscribe(ada, "growth")
    subscription = db.session.scalars(Subscription.of(ada.organization)).one()
    if seed:  # credits then give back what was paid after the discount
        coupon = client().v1.coupons.create(
            {"percent_off": 17 * seed, "duration": "repeating", "duration_in_months": 2}
        )
        client().v1.subscriptions.update(subscription.stripe_id, {"discounts": [{"coupon": coupon.id}]})
    for _ in range(6):
        sandbox.turn_clock(f"{chance.randint(1, 40 * 86400)} seconds")
        plan, interval = chance.choice(["starter", "growth", "pro"]), chance.choice(["month", "month", "year"])
        item = {"id": subscription.item, "price": nexus(plan, interval).stripe_price_id}
        params = {"items": [item | {"quantity": chance.randint(1, 9)}], "proration_behavior": "always_invoice"}
        client().v1.subscriptions.update(subscription.stripe_id, params)
        work(sandbox)
    found = explained(ada)
    assert len(found) > 8
    assert any(line.paid for line in found)


def test_invoice_and_overview_disclose_their_amounts(ada: Browser, subscribe: Callable[..., None]) -> None:
    subscribe(ada, "growth")
    number = db.session.scalars(db.select(Invoice.number)).one()
    for address in (f"/invoices/{number}", "/"):
        page = ada.get(address).text
        assert "Why this amount?" in page
        assert " days): $99.00." in page


def test_checkout_discloses_its_amount(ada: Browser, nexus: Callable) -> None:
    assert "Why this amount?" in ada.get(f"/checkout/{nexus('growth').public_id}").text


def test_a_charge_kept_without_facts_still_renders(ada: Browser, subscribe: Callable[..., None]) -> None:
    subscribe(ada, "growth")
    subscription = db.session.scalars(Subscription.of(ada.organization)).one()
    bare = [{"description": "1 × Growth", "amount": 9900}]
    subscription.next_charge = {**(subscription.next_charge or {}), "lines": bare}
    db.session.commit()
    page = ada.get("/").text
    assert "1 × Growth" in page
    assert "Why this amount?" not in page
