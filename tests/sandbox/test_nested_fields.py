"""What Stripe always sends inside other fields is there, null if need be: the types of its clients count on it."""

import pytest

CARD_OF_A_CHARGE = {
    "amount_authorized",
    "authorization_code",
    "electronic_commerce_indicator",
    "installments",
    "mandate",
    "network_transaction_id",
    "regulated_status",
    "three_d_secure",
    "transaction_link_id",
}


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_chargeCustomerFail"])
def test_a_charge_says_how_it_went(shop, client, card):
    shop.subscribe(shop.customer(card), shop.price())
    charge = client.v1.charges.list().data[0].to_dict()
    assert set(charge["outcome"]) >= {"advice_code", "network_advice_code", "network_decline_code"}
    assert set(charge["payment_method_details"]["card"]) >= CARD_OF_A_CHARGE


def test_the_options_of_an_intent_are_complete(client):
    asked = {"payment_method_options": {"card": {"request_three_d_secure": "any"}}}
    common = {"mandate_options": None, "network": None}
    for params in ({}, asked):
        payment = client.v1.payment_intents.create({"amount": 1000, "currency": "usd", **params}).to_dict()
        setup = client.v1.setup_intents.create(params).to_dict()
        assert payment["payment_method_options"]["card"].items() >= {"installments": None, **common}.items()
        assert setup["payment_method_options"]["card"].items() >= common.items()


def test_the_invoice_settings_of_a_subscription_are_complete(shop):
    settings = shop.subscribe(shop.customer(), shop.price()).invoice_settings.to_dict()
    assert set(settings) == {"account_tax_ids", "custom_fields", "description", "footer", "issuer"}
