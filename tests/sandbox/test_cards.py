"""The test cards: typed in, attached, saved, charged."""

import pytest
import stripe

from tests.sandbox.shop import ALWAYS_ASKS, ASKS_UNTIL_SET_UP, DECLINED, NO_CHARGE, ON_SESSION_ONLY, VISA


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"card[number]": "4242424242424241"}, "incorrect_number"),
        ({"card[number]": "4111111111111111"}, "card_declined"),
        ({"card[exp_year]": "2020"}, "invalid_expiry_year"),
        ({"card[exp_month]": "13"}, "invalid_expiry_month"),
        ({"card[cvc]": "12"}, "invalid_cvc"),
    ],
)
def test_mistyped_cards_are_refused_when_typed(visitor, typed, code):
    response = visitor.card(VISA, **typed)
    assert (response.status_code, response.json()["error"]["code"]) == (402, code)


def test_a_card_shows_its_last_digits_and_nothing_more(visitor, url):
    method = visitor.card("5555 5555 5555 4444").json()
    assert (method["card"]["brand"], method["card"]["last4"]) == ("mastercard", "4444")
    assert "5555555555554444" not in str(visitor.get("/_sandbox/log").json())


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        (DECLINED, "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000009979", "card_declined", "stolen_card"),
        ("4000000000000069", "expired_card", None),
        ("4000000000000127", "incorrect_cvc", None),
        ("4000000000000119", "processing_error", None),
        ("4000000000006975", "card_declined", "card_velocity_exceeded"),
    ],
)
def test_decline_cards_can_neither_be_attached_nor_saved(shop, visitor, number, code, decline_code):
    customer = shop.customer(card=None)
    method = visitor.card(number).json()["id"]
    with pytest.raises(stripe.CardError) as error:
        shop.v1.payment_methods.attach(method, {"customer": customer.id})
    assert (error.value.code, error.value.error.decline_code) == (code, decline_code)
    intent = shop.v1.setup_intents.create({"customer": customer.id})
    refused = visitor.confirm(intent.client_secret, number)
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, code)
    assert shop.v1.setup_intents.retrieve(intent.id).last_setup_error.code == code
    assert shop.v1.customers.payment_methods.list(customer.id).data == []


def test_the_dunning_card_attaches_and_then_never_pays(shop, visitor):
    customer = shop.customer(card=None)
    intent = shop.v1.setup_intents.create({"customer": customer.id})
    method = visitor.confirm(intent.client_secret, NO_CHARGE).json()["payment_method"]
    settings = {"invoice_settings": {"default_payment_method": method}}
    shop.v1.customers.update(customer.id, settings)
    assert shop.subscribe(customer, shop.price()).status == "incomplete"


def test_saving_a_card_attaches_it(shop, visitor, received):
    customer = shop.customer(card=None)
    params = {"customer": customer.id, "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    intent = shop.v1.setup_intents.create(params)
    assert intent.status == "requires_payment_method"
    received()
    saved = visitor.confirm(intent.client_secret).json()
    assert saved["status"] == "succeeded"
    assert received() == ["setup_intent.succeeded", "payment_method.attached"]
    (method,) = shop.v1.payment_methods.list({"customer": customer.id, "type": "card"}).data
    assert shop.v1.customers.payment_methods.retrieve(customer.id, method.id).id == method.id
    assert method.id == saved["payment_method"]


def test_a_setup_that_asks_for_authentication_can_fail_and_succeed(shop, visitor):
    intent = shop.v1.setup_intents.create({"customer": shop.customer(card=None).id})
    assert visitor.confirm(intent.client_secret, ASKS_UNTIL_SET_UP).json()["status"] == "requires_action"
    failed = visitor.authenticate(intent.client_secret, "fail").json()["intent"]
    assert failed["last_setup_error"]["code"] == "setup_intent_authentication_failure"
    assert visitor.confirm(intent.client_secret, ASKS_UNTIL_SET_UP).json()["status"] == "requires_action"
    assert visitor.authenticate(intent.client_secret).json()["intent"]["status"] == "succeeded"
    assert visitor.authenticate(intent.client_secret).status_code == 400


@pytest.mark.parametrize(
    ("number", "renewed"),
    [(ASKS_UNTIL_SET_UP, "active"), (ALWAYS_ASKS, "past_due"), (ON_SESSION_ONLY, "active")],
)
def test_off_session_renewals_depend_on_the_card(shop, visitor, clock, received, number, renewed):
    customer = shop.customer(card=None)
    intent = shop.v1.setup_intents.create({"customer": customer.id})
    saved = visitor.confirm(intent.client_secret, number).json()
    if saved["status"] == "requires_action":
        saved = visitor.authenticate(intent.client_secret).json()["intent"]
    trial = {"trial_period_days": 7, "default_payment_method": saved["payment_method"]}
    subscription = shop.subscribe(customer, shop.price(), **trial)
    clock.turn(by="8 days")
    assert shop.reload(subscription).status == renewed
    assert ("invoice.payment_action_required" in received()) == (renewed == "past_due")


def test_a_renewal_that_needs_its_customer_is_paid_on_session(shop, visitor, clock):
    customer = shop.customer("pm_card_authenticationRequired")
    subscription = shop.subscribe(customer, shop.price(), trial_period_days=7)
    clock.turn(by="8 days")
    latest = shop.v1.invoices.retrieve(shop.reload(subscription).latest_invoice.id, {"expand": ["confirmation_secret"]})
    with pytest.raises(stripe.CardError) as error:
        shop.v1.invoices.pay(latest.id)
    assert error.value.code == "invoice_payment_intent_requires_action"
    secret = latest.confirmation_secret.client_secret
    assert visitor.confirm(secret, ALWAYS_ASKS).json()["status"] == "requires_action"
    visitor.authenticate(secret)
    assert shop.reload(subscription).status == "active"


def test_a_card_can_be_declined_after_authentication(shop, visitor):
    intent = shop.v1.setup_intents.create({"customer": shop.customer(card=None).id})
    visitor.confirm(intent.client_secret, "4000008260003178")
    method = visitor.authenticate(intent.client_secret).json()["intent"]["payment_method"]
    customer = shop.v1.payment_methods.retrieve(method).customer
    more = {"default_payment_method": method, "payment_behavior": "default_incomplete"}
    subscription = shop.subscribe(shop.v1.customers.retrieve(customer), shop.price(), **more)
    secret = subscription.latest_invoice.confirmation_secret.client_secret
    visitor.confirm(secret, payment_method=method)
    error = visitor.authenticate(secret).json()["intent"]["last_payment_error"]
    assert error["decline_code"] == "insufficient_funds"


def test_named_cards_are_fresh_each_time(shop):
    first, second = (shop.v1.payment_methods.list({"customer": shop.customer().id}).data[0] for _ in range(2))
    assert first.id != second.id
    assert first.card.fingerprint == second.card.fingerprint


def test_a_detached_card_is_gone_for_good(shop, received):
    customer = shop.customer()
    method = customer.invoice_settings.default_payment_method
    received()
    shop.v1.payment_methods.detach(method)
    assert received() == ["customer.updated", "payment_method.detached"]
    assert shop.v1.customers.retrieve(customer.id).invoice_settings.default_payment_method is None
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.payment_methods.attach(method, {"customer": customer.id})


def test_a_card_belongs_to_one_customer(shop):
    method = shop.customer().invoice_settings.default_payment_method
    stranger = shop.customer(card=None)
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.payment_methods.attach(method, {"customer": stranger.id})
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.customers.update(stranger.id, {"invoice_settings": {"default_payment_method": method}})


def test_billing_details_and_expiry_can_be_changed(shop):
    method = shop.customer().invoice_settings.default_payment_method
    changed = shop.v1.payment_methods.update(
        method, {"billing_details": {"name": "Ada L.", "address": {"city": "London"}}, "card": {"exp_year": 2040}}
    )
    assert (changed.billing_details.name, changed.billing_details.address.city) == ("Ada L.", "London")
    assert changed.card.exp_year == 2040


def test_finished_intents_cannot_be_confirmed_again(shop, visitor):
    intent = shop.v1.setup_intents.create({"customer": shop.customer(card=None).id})
    visitor.confirm(intent.client_secret)
    again = visitor.confirm(intent.client_secret)
    assert (again.status_code, again.json()["error"]["code"]) == (400, "setup_intent_unexpected_state")
    other = shop.v1.setup_intents.create({})
    assert shop.v1.setup_intents.cancel(other.id).status == "canceled"
