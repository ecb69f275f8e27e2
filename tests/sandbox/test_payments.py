"""Payments without an invoice: made, changed, confirmed, canceled; and how refusals are worded."""

import pytest
import stripe

from tests.sandbox.shop import ALWAYS_ASKS, DECLINED, NO_CHARGE, NO_REDIRECTS, ON_SESSION_ONLY, VISA, refused

PAID = ["payment_intent.created", "payment_intent.succeeded", "charge.succeeded"]


def test_a_payment_is_made_in_one_call(shop, received):
    customer = shop.customer()
    received()
    card = customer.invoice_settings.default_payment_method
    words = {"description": "Setup fee", "statement_descriptor_suffix": "SETUP", "receipt_email": "ada@example.com"}
    made = shop.ask(customer=customer.id, payment_method=card, confirm=True, metadata={"order": "7"}, **words)
    assert (made.status, made.amount_received, made.payment_method) == ("succeeded", 1000, card)
    assert received() == PAID
    charge = shop.v1.charges.retrieve(made.latest_charge)
    assert (charge.amount_captured, charge.captured, charge.customer) == (1000, True, customer.id)
    assert (charge.description, charge.receipt_email, charge.metadata.order) == ("Setup fee", "ada@example.com", "7")
    assert charge.statement_descriptor_suffix == "SETUP"
    assert [one.id for one in shop.v1.payment_intents.list({"customer": customer.id}).data] == [made.id]


def test_a_browser_confirms_what_the_server_asked_for(shop, visitor):
    intent = shop.ask(customer=shop.customer(card=None).id, setup_future_usage="off_session")
    assert (intent.status, intent.amount_received) == ("requires_payment_method", 0)
    paid = visitor.confirm(intent.client_secret).json()
    assert paid["status"] == "succeeded"
    assert shop.v1.payment_methods.retrieve(paid["payment_method"]).customer == intent.customer


def test_a_card_that_was_not_kept_pays_once(shop, visitor):
    method = visitor.card(VISA).json()["id"]
    assert shop.ask(payment_method=method, confirm=True).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.ask(payment_method=method)
    assert "may not be used again" in error.value.user_message
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.payment_methods.attach(method, {"customer": shop.customer(card=None).id})


def test_a_method_of_a_customer_is_theirs_alone(shop):
    card = shop.customer().invoice_settings.default_payment_method
    with pytest.raises(stripe.InvalidRequestError, match="you must provide the customer"):
        shop.ask(payment_method=card)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method with the ID"):
        shop.ask(payment_method=card, customer=shop.customer(card=None).id)


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({"amount": 49}, "amount", "amount_too_small"),
        ({"amount": 29, "currency": "gbp"}, "amount", "amount_too_small"),
        ({"amount": 100_000_000}, "amount", "amount_too_large"),
        ({"amount": 0}, "amount", "parameter_invalid_integer"),
        ({"currency": "euros"}, "currency", None),
        ({"customer": "cus_nobody"}, "customer", "resource_missing"),
        ({"payment_method": "pm_nothing"}, "payment_method", "resource_missing"),
        ({"allowed_payment_method_types": ["klarna"]}, "allowed_payment_method_types", None),
        ({"statement_descriptor_suffix": "much too long for a statement"}, "statement_descriptor_suffix", None),
        ({"off_session": True}, "off_session", None),
        ({"return_url": "https://shop.example"}, "return_url", None),
        ({"transfer_group": "x"}, "transfer_group", "parameter_unsupported"),
        ({"confirmation_method": "manual"}, "confirmation_method", "parameter_unsupported"),
        ({"payment_method_options": {"klarna": {}, "card": {"moto": True}}}, None, "parameter_unsupported"),
        ({"excluded_payment_method_types": ["card"]}, "excluded_payment_method_types", None),
    ],
)
def test_a_payment_that_makes_no_sense_is_refused(shop, params, param, code):
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.ask(**params)
    assert error.value.code == code
    if param:
        assert error.value.param == param


def test_retired_method_types_are_refused_by_a_code_of_their_own(shop, box):
    with pytest.raises(stripe.InvalidRequestError) as error:
        shop.ask(payment_method_types=["card"])
    assert (error.value.http_status, error.value.code) == (400, "payment_method_types_no_longer_supported")


def test_a_deleted_customer_pays_no_more(shop):
    customer = shop.customer()
    shop.v1.customers.delete(customer.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        shop.ask(customer=customer.id)


def test_a_server_that_confirms_says_where_a_redirect_would_end(shop):
    params = {"amount": 1000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    assert refused(shop.v1.payment_intents.create, params).param == "return_url"
    made = shop.v1.payment_intents.create({**params, "return_url": "https://shop.example/done"})
    assert (made.status, made.automatic_payment_methods.allow_redirects) == ("succeeded", "always")
    only_cards = {"allowed_payment_method_types": ["card"]}
    assert shop.v1.payment_intents.create({**params, **only_cards}).status == "succeeded"


def test_a_declined_payment_waits_for_another_card(shop, received):
    intent = shop.ask(payment_method="pm_card_visa_chargeDeclinedInsufficientFunds")
    assert intent.status == "requires_confirmation"
    received()
    with pytest.raises(stripe.CardError) as error:
        shop.v1.payment_intents.confirm(intent.id)
    assert error.value.error.payment_intent.last_payment_error.decline_code == "insufficient_funds"
    assert received() == ["payment_intent.payment_failed", "charge.failed"]
    assert shop.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"
    paid = shop.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.last_payment_error) == ("succeeded", None)
    assert len(shop.v1.charges.list({"payment_intent": intent.id}).data) == 2


def test_nothing_is_confirmed_without_a_card(shop):
    error = refused(shop.v1.payment_intents.confirm, shop.ask().id)
    assert (error.param, error.code) == ("payment_method", "payment_intent_unexpected_state")


def test_the_customer_authenticates_a_payment_on_session(visitor, shop, received):
    intent = shop.ask(payment_method="pm_card_authenticationRequired", confirm=True)
    assert (intent.status, intent.next_action.type) == ("requires_action", "use_stripe_sdk")
    assert received() == ["payment_intent.created", "payment_intent.requires_action"]
    visitor.authenticate(intent.client_secret)
    assert shop.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert received() == PAID[1:]


def test_an_integration_without_actions_is_declined_instead(shop):
    with pytest.raises(stripe.CardError) as error:
        shop.ask(payment_method="pm_card_authenticationRequired", confirm=True, error_on_requires_action=True)
    assert error.value.code == "authentication_required"


def test_an_intent_can_ask_for_an_authentication_itself(shop):
    wish = {"payment_method_options": {"card": {"request_three_d_secure": "any"}}}
    assert shop.ask(payment_method="pm_card_visa", confirm=True, **wish).status == "requires_action"
    assert shop.ask(payment_method="pm_card_amex", confirm=True, **wish).status == "succeeded"
    saved = {"payment_method": "pm_card_visa", "confirm": True, "automatic_payment_methods": NO_REDIRECTS, **wish}
    assert shop.v1.setup_intents.create(saved).status == "requires_action"


def test_an_intent_changes_until_it_is_paid(shop):
    intent, customer = shop.ask(metadata={"a": "1"}), shop.customer()
    card = customer.invoice_settings.default_payment_method
    changes = {"amount": 2500, "customer": customer.id, "payment_method": card, "metadata": {"a": "", "b": "2"}}
    changed = shop.v1.payment_intents.update(intent.id, changes)
    assert (changed.amount, changed.status, changed.metadata.to_dict()) == (2500, "requires_confirmation", {"b": "2"})
    other = {"customer": shop.customer().id}
    assert refused(shop.v1.payment_intents.update, intent.id, other).param == "customer"
    assert refused(shop.v1.payment_intents.update, intent.id, {"amount": 1}).code == "amount_too_small"
    assert shop.v1.payment_intents.confirm(intent.id).amount_received == 2500
    error = refused(shop.v1.payment_intents.update, intent.id, {"amount": 900})
    assert (error.code, error.message[:32]) == ("payment_intent_unexpected_state", "This PaymentIntent's amount coul")
    assert shop.v1.payment_intents.update(intent.id, {"description": "Paid"}).description == "Paid"
    assert refused(shop.v1.payment_intents.confirm, intent.id).code == "payment_intent_unexpected_state"


def test_the_payment_of_an_invoice_follows_the_invoice(shop):
    customer = shop.customer(card=None)
    shop.subscribe(customer, shop.price(), payment_behavior="default_incomplete")
    (intent,) = shop.v1.payment_intents.list({"customer": customer.id}).data
    assert refused(shop.v1.payment_intents.update, intent.id, {"amount": 900}).param == "amount"
    assert refused(shop.v1.payment_intents.cancel, intent.id).code == "payment_intent_unexpected_state"


def test_an_intent_is_canceled_once(shop, received):
    intent = shop.ask()
    assert shop.v1.payment_intents.cancel(intent.id).canceled_at
    assert received() == ["payment_intent.created", "payment_intent.canceled"]
    for again in (shop.v1.payment_intents.cancel, shop.v1.payment_intents.confirm, shop.v1.payment_intents.capture):
        assert "has a status of canceled" in refused(again, intent.id).message
    assert refused(shop.v1.payment_intents.cancel, shop.ask().id, {"cancellation_reason": "bored"}).param


def test_the_description_of_a_charge_can_be_changed(shop, received):
    charge = shop.ask(payment_method="pm_card_visa", confirm=True).latest_charge
    received()
    changed = shop.v1.charges.update(charge, {"description": "Setup", "fraud_details": {"user_report": "safe"}})
    assert (changed.description, changed.fraud_details.user_report) == ("Setup", "safe")
    assert received() == ["charge.updated"]


def test_the_balance_is_what_was_paid_and_not_given_back(shop):
    assert [(one.amount, one.currency) for one in shop.v1.balance.retrieve().available] == [(0, "usd")]
    paid = shop.ask(payment_method="pm_card_visa", confirm=True)
    shop.ask(payment_method="pm_card_createDispute", confirm=True)
    shop.ask(payment_method="pm_card_visa", confirm=True, capture_method="manual")
    shop.ask(payment_method="pm_card_visa", confirm=True, currency="eur")
    shop.v1.refunds.create({"payment_intent": paid.id, "amount": 300})
    assert [(one.amount, one.currency) for one in shop.v1.balance.retrieve().available] == [(1000, "eur"), (700, "usd")]


@pytest.mark.parametrize(
    ("number", "code"),
    [(DECLINED, "card_declined"), (NO_CHARGE, "card_declined"), (ALWAYS_ASKS, "authentication_required")],
)
def test_a_setup_does_not_promise_that_a_card_pays(shop, visitor, number, code):
    method = visitor.card(number).json()["id"]
    with pytest.raises(stripe.CardError) as error:
        shop.ask(payment_method=method, confirm=True, off_session=True)
    assert error.value.code == code


def test_on_session_cards_pay_alone_when_nobody_is_there(shop, visitor):
    method = visitor.card(ON_SESSION_ONLY).json()["id"]
    assert shop.ask(payment_method=method, confirm=True, off_session=True).status == "succeeded"
