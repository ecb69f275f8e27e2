"""Refunds: whole, in parts, refused, late, taken back; and what the charge says of them."""

import random

import pytest
import stripe

from tests.sandbox.shop import VISA

LATE = "4000000000007726"
BOUNCES = "4000000000005126"


@pytest.fixture
def pay(shop, visitor):
    """A paid invoice's charge, by a card of that number."""

    def paid(number=VISA, amount=5000):
        customer = shop.customer(card=None)
        method = visitor.card(number).json()["id"]
        shop.v1.payment_methods.attach(method, {"customer": customer.id})
        shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method}})
        shop.subscribe(customer, shop.price(amount))
        (charge,) = shop.v1.charges.list({"customer": customer.id}).data
        return charge

    return paid


def test_a_charge_is_refunded_whole(shop, pay, received):
    charge = pay()
    received()
    refund = shop.v1.refunds.create({"payment_intent": charge.payment_intent, "reason": "requested_by_customer"})
    assert (refund.amount, refund.status, refund.reason) == (5000, "succeeded", "requested_by_customer")
    assert received() == ["charge.refunded", "refund.created"]
    charge = shop.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (5000, True)
    assert [one.id for one in charge.refunds.data] == [refund.id]
