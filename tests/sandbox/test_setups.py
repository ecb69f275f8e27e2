"""Saving a card through the API of the server: made, changed, refused, canceled."""

import pytest
import stripe

from tests.sandbox.shop import NO_REDIRECTS, refused


def test_a_setup_is_made_and_changed_by_the_server(shop, received):
    customer = shop.customer(card=None)
    params = {"automatic_payment_methods": NO_REDIRECTS, "usage": "on_session", "metadata": {"a": "1"}}
    intent = shop.v1.setup_intents.create(params)
    changes = {
        "customer": customer.id,
        "payment_method": "pm_card_visa",
        "description": "Spare",
        "metadata": {"b": "2"},
    }
    changed = shop.v1.setup_intents.update(intent.id, changes)
    assert (changed.status, changed.usage, changed.description) == ("requires_confirmation", "on_session", "Spare")
    assert changed.metadata.to_dict() == {"a": "1", "b": "2"}
    received()
    assert shop.v1.setup_intents.confirm(intent.id).status == "succeeded"
    assert received() == ["setup_intent.succeeded", "payment_method.attached"]
    error = refused(shop.v1.setup_intents.update, intent.id, {"payment_method": "pm_card_visa"})
    assert error.code == "setup_intent_unexpected_state"
    assert [one.id for one in shop.v1.setup_intents.list({"customer": customer.id}).data] == [intent.id]


def test_a_setup_that_fails_says_why(shop, received):
    params = {"automatic_payment_methods": NO_REDIRECTS, "payment_method": "pm_card_visa_chargeDeclined"}
    with pytest.raises(stripe.CardError) as error:
        shop.v1.setup_intents.create({**params, "confirm": True})
    assert error.value.error.setup_intent.last_setup_error.decline_code == "generic_decline"
    assert received() == ["setup_intent.created", "setup_intent.setup_failed"]


def test_setups_are_canceled_and_bad_ones_refused(shop, received):
    create, cancel = shop.v1.setup_intents.create, shop.v1.setup_intents.cancel
    canceled = cancel(create({}).id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    assert received() == ["setup_intent.created", "setup_intent.canceled"]
    assert refused(cancel, canceled.id).code == "setup_intent_unexpected_state"
    single = {"single_use": {"amount": 100, "currency": "usd"}}
    assert refused(create, single).code == "parameter_unsupported"
    assert refused(create, {"customer": "cus_nobody"}).code == "resource_missing"
    assert refused(create, {"payment_method_types": ["card"]}).code == "payment_method_types_no_longer_supported"


def test_a_card_saved_for_on_session_use_is_not_set_up_for_later(shop, visitor):
    customer = shop.customer(card=None)
    for usage, renews in (("on_session", False), ("off_session", True)):
        intent = shop.v1.setup_intents.create({"customer": customer.id, "usage": usage})
        visitor.confirm(intent.client_secret, "4000002500003155")
        method = visitor.authenticate(intent.client_secret).json()["intent"]["payment_method"]
        pay = {"customer": customer.id, "payment_method": method, "confirm": True, "off_session": True}
        if renews:
            assert shop.ask(**pay).status == "succeeded"
        else:
            with pytest.raises(stripe.CardError):
                shop.ask(**pay)
