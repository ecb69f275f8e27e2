"""The lines of invoices and previews, with the facts behind their amounts."""

from decimal import Decimal

import pytest
from flask import Flask
from stripe.params import PriceCreateParams, SubscriptionCreateParams

from app.gateway import invoices, previews
from app.gateway.client import client
from app.gateway.lines import LineDiscount, LineRecord, LineTax


@pytest.fixture
def customer(app: Flask) -> str:
    made = client().v1.customers.create({"name": "Ada"}).id
    card = client().v1.payment_methods.attach("pm_card_visa", {"customer": made})
    client().v1.customers.update(made, {"invoice_settings": {"default_payment_method": card.id}})
    return made


@pytest.fixture
def price(app: Flask) -> str:
    monthly: PriceCreateParams = {"product": client().v1.products.create({"name": "Growth"}).id, "currency": "usd"}
    monthly |= {"unit_amount": 10000, "recurring": {"interval": "month"}}
    return client().v1.prices.create(monthly).id


def first_lines(customer: str, price: str, **more: object) -> tuple[LineRecord, ...]:
    """Of the invoice a subscription to three of them begins with."""
    params: SubscriptionCreateParams = {"customer": customer, "items": [{"price": price, "quantity": 3}], **more}  # type: ignore[typeddict-item]
    return invoices.retrieve(str(client().v1.subscriptions.create(params).latest_invoice)).lines


def test_a_promotion_code_names_its_discount(customer: str, price: str) -> None:
    coupon = client().v1.coupons.create({"percent_off": 12.5, "duration": "forever", "name": "Spring"})
    promotion = {"type": "coupon", "coupon": coupon.id}
    code = client().v1.promotion_codes.create({"promotion": promotion, "code": "SAVE"})  # type: ignore[typeddict-item]
    (line,) = first_lines(customer, price, discounts=[{"promotion_code": code.id}])
    assert (line.amount, line.subtotal) == (30000, 30000)
    assert line.discounts == (LineDiscount(3750, "SAVE", Decimal("12.5")),)


def test_a_coupon_of_an_amount_has_no_percentage(customer: str, price: str) -> None:
    coupon = client().v1.coupons.create({"amount_off": 500, "currency": "usd", "duration": "once", "name": "Sorry"})
    (line,) = first_lines(customer, price, discounts=[{"coupon": coupon.id}])
    assert line.discounts == (LineDiscount(500, "Sorry", None),)


@pytest.mark.parametrize("place", ["default_tax_rates", "items"])
def test_a_tax_has_its_rate_wherever_it_was_set(customer: str, price: str, place: str) -> None:
    rate = client().v1.tax_rates.create({"display_name": "VAT", "percentage": 7.7, "inclusive": False}).id
    item = {"price": price, "quantity": 3}
    more = {"default_tax_rates": [rate]} if place != "items" else {"items": [item | {"tax_rates": [rate]}]}
    (line,) = first_lines(customer, price, **more)
    assert line.taxes == (LineTax(2310, Decimal("7.7"), is_inclusive=False, reason="not_available"),)


def test_a_credit_names_the_line_it_gives_back(customer: str, price: str) -> None:
    made = client().v1.subscriptions.create({"customer": customer, "items": [{"price": price, "quantity": 3}]})
    (debit,) = invoices.retrieve(str(made.latest_invoice)).lines
    item = made["items"].data[0].id
    preview = previews.recurring(customer, made.id, item=item, price=price, quantity=3)
    assert [line.is_proration for line in preview.lines] == [False]
    client().v1.subscriptions.update(made.id, {"items": [{"id": item, "quantity": 1}]})
    credit = next(line for line in previews.next_charge(customer, made.id).lines if line.amount < 0)
    assert (credit.credited, credit.item, credit.is_proration) == ((debit.stripe_id,), item, True)
