"""Money set aside: captured, in part, given back, expired."""

import pytest

from tests.sandbox.shop import refused


@pytest.fixture
def hold(shop):
    """Ten dollars set aside."""
    return lambda **params: shop.ask(capture_method="manual", payment_method="pm_card_visa", confirm=True, **params)


def test_money_set_aside_is_captured(shop, hold, received):
    intent = hold()
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 1000, 0)
    assert received() == ["payment_intent.created", "payment_intent.amount_capturable_updated", "charge.succeeded"]
    assert not shop.v1.charges.retrieve(intent.latest_charge).captured
    done = shop.v1.payment_intents.capture(intent.id)
    assert (done.status, done.amount_capturable, done.amount_received) == ("succeeded", 0, 1000)
    assert received() == ["charge.captured", "payment_intent.succeeded"]
    assert refused(shop.v1.payment_intents.capture, intent.id).code == "payment_intent_unexpected_state"


def test_what_is_not_captured_goes_back(shop, hold):
    intent = hold()
    error = refused(shop.v1.payment_intents.capture, intent.id, {"amount_to_capture": 1001})
    assert (error.param, error.code) == ("amount_to_capture", "amount_too_large")
    assert refused(shop.v1.payment_intents.capture, intent.id, {"amount_to_capture": 0}).param == "amount_to_capture"
    assert shop.v1.payment_intents.capture(intent.id, {"amount_to_capture": 400}).amount_received == 400
    charge = shop.v1.charges.retrieve(intent.latest_charge, {"expand": ["refunds"]})
    assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (400, 600, False)
    assert charge.refunds.data[0].destination_details.card.type == "reversal"
    shop.v1.refunds.create({"charge": charge.id})
    assert shop.v1.charges.retrieve(charge.id).refunded


def test_a_charge_can_be_captured_by_its_own_name(shop, hold):
    intent = hold()
    charge = shop.v1.charges.capture(intent.latest_charge, {"amount": 700})
    assert (charge.amount_captured, charge.amount_refunded) == (700, 300)
    assert shop.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert refused(shop.v1.charges.capture, charge.id, {"transfer_group": "x"}).code == "parameter_unsupported"


def test_canceling_gives_back_what_was_set_aside(shop, hold, received):
    intent = hold()
    assert refused(shop.v1.payment_intents.confirm, intent.id).code == "payment_intent_unexpected_state"
    received()
    canceled = shop.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "requested_by_customer"})
    assert (canceled.status, canceled.amount_capturable) == ("canceled", 0)
    assert canceled.cancellation_reason == "requested_by_customer"
    assert received() == ["charge.refunded", "refund.created", "payment_intent.canceled"]
    assert shop.v1.charges.retrieve(intent.latest_charge).refunded


def test_money_set_aside_goes_back_after_a_week(shop, hold, clock, received):
    intent = hold()
    received()
    clock.turn(by="6 days")
    assert received() == []
    clock.turn(by="1 day")
    assert received() == ["charge.expired", "charge.refunded", "refund.created", "payment_intent.canceled"]
    assert shop.v1.payment_intents.retrieve(intent.id).cancellation_reason == "automatic"
    (refund,) = shop.v1.refunds.list({"payment_intent": intent.id}).data
    assert refund.reason == "expired_uncaptured_charge"
