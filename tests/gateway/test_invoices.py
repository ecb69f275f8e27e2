"""Invoices as the gateway reads them from Stripe."""

from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from stripe.params import PriceCreateParams, SubscriptionCreateParams

from app.core import clock
from app.gateway import invoices
from app.gateway.client import client
from app.gateway.errors import GatewayNotFound


@pytest.fixture
def customer(app: Flask) -> str:
    return client().v1.customers.create({"name": "Ada", "email": "ada@example.com", "address": {"city": "London"}}).id


@pytest.fixture
def price(app: Flask) -> str:
    product = client().v1.products.create({"name": "Growth"})
    monthly: PriceCreateParams = {"product": product.id, "currency": "usd", "unit_amount": 9900}
    monthly["recurring"] = {"interval": "month"}
    return client().v1.prices.create(monthly).id


def subscribe(customer: str, price: str, *, pays: bool) -> str:
    """The id of the first invoice."""
    params: SubscriptionCreateParams = {"customer": customer, "items": [{"price": price}]}
    params["payment_behavior"] = "error_if_incomplete" if pays else "default_incomplete"
    return str(client().v1.subscriptions.create(params).latest_invoice)


def with_card(customer: str) -> None:
    card = client().v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    client().v1.customers.update(customer, {"invoice_settings": {"default_payment_method": card.id}})


def test_an_open_invoice_has_number_amounts_and_line(customer: str, price: str) -> None:
    record = invoices.retrieve(subscribe(customer, price, pays=False))
    assert record.number is not None
    assert (record.customer, record.status, record.currency) == (customer, "open", "usd")
    assert (record.total, record.amount_due, record.amount_paid, record.amount_remaining) == (9900, 9900, 0, 9900)
    assert (record.issued_at - clock.now()) < timedelta(minutes=1)
    (line,) = record.lines
    assert (line.amount, line.quantity, line.unit_amount, line.price) == (9900, Decimal(1), Decimal(9900), price)
    assert timedelta(days=28) <= line.period_end - line.period_start <= timedelta(days=31)
    assert not line.is_proration


def test_a_paid_invoice_names_its_payment_and_card(customer: str, price: str) -> None:
    with_card(customer)
    record = invoices.retrieve(subscribe(customer, price, pays=True))
    assert (record.status, record.amount_paid, record.amount_remaining) == ("paid", 9900, 0)
    (payment,) = record.payments
    assert payment.amount == 9900
    assert payment.payment_method is not None
    assert payment.payment_method.startswith("pm_")


def test_the_buyer_is_the_one_frozen_on_the_invoice(customer: str, price: str) -> None:
    stripe_id = subscribe(customer, price, pays=False)
    client().v1.customers.update(customer, {"name": "Somebody else"})
    buyer = invoices.retrieve(stripe_id).buyer
    assert (buyer.name, buyer.email, buyer.tax_exempt) == ("Ada", "ada@example.com", "none")
    assert buyer.address["city"] == "London"


def test_an_unknown_invoice_is_said_to_be_unknown(app: Flask) -> None:
    with pytest.raises(GatewayNotFound):
        invoices.retrieve("in_unknown")
