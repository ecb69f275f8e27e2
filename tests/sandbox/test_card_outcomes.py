"""What each test card does when it is attached, charged and authenticated; how cards expire, are renewed and listed."""

import pytest
import requests
import stripe

from sandbox.billing.payments.cards import NAMED, TABLE
from tests.sandbox.shop import VISA

OK, ASKS = "succeeded", "requires_action"
AUTHENTICATE = "authentication_required"
OUTCOMES = {
    # number: attached, charged on session, charged off session, charged after 3-D Secure was passed
    "4242424242424242": ("attached", OK, OK, None),
    "5555555555554444": ("attached", OK, OK, None),
    "378282246310005": ("attached", OK, OK, None),
    "4000000000000002": ("generic_decline", "generic_decline", "generic_decline", None),
    "4000000000009995": ("insufficient_funds", "insufficient_funds", "insufficient_funds", None),
    "4000000000009987": ("lost_card", "lost_card", "lost_card", None),
    "4000000000009979": ("stolen_card", "stolen_card", "stolen_card", None),
    "4000000000000069": ("expired_card", "expired_card", "expired_card", None),
    "4000000000000127": ("incorrect_cvc", "incorrect_cvc", "incorrect_cvc", None),
    "4000000000000119": ("processing_error", "processing_error", "processing_error", None),
    "4000000000006975": ("card_velocity_exceeded", "card_velocity_exceeded", "card_velocity_exceeded", None),
    "4000000000000341": ("attached", "generic_decline", "generic_decline", None),
    "4000002500003155": ("attached", ASKS, AUTHENTICATE, OK),
    "4000002760003184": ("attached", ASKS, AUTHENTICATE, OK),
    "4000003800000446": ("attached", ASKS, OK, OK),
    "4000008260003178": ("attached", ASKS, AUTHENTICATE, "insufficient_funds"),
    "4000000000003220": ("attached", ASKS, AUTHENTICATE, OK),
    "4000008400001629": ("attached", ASKS, AUTHENTICATE, "generic_decline"),
    "4000008400001280": ("attached", "generic_decline", "generic_decline", None),
    "4000000000003055": ("attached", OK, OK, None),
    "4000000000000101": ("attached", OK, OK, None),
    "4000000000000036": ("attached", OK, OK, None),
    "4100000000000019": ("attached", "fraudulent", "fraudulent", None),
    "4000000000000259": ("attached", OK, OK, None),
    "4000000000007726": ("attached", OK, OK, None),
    "4000000000005126": ("attached", OK, OK, None),
}


def attaching(shop, method, customer):
    try:
        shop.v1.payment_methods.attach(method, {"customer": customer})
    except stripe.CardError as refusal:
        return refusal.error.decline_code or refusal.code
    return "attached"


@pytest.fixture
def typed(visitor):
    """The id of a payment method made of a number."""
    return lambda number, **more: visitor.card(number, **more).json()["id"]


@pytest.fixture
def charge(shop):
    """How a payment of ten dollars by a card ends, and its client secret: in a status, or a code of refusal."""

    def charged(method, **more):
        try:
            intent = shop.ask(payment_method=method, confirm=True, **more)
        except stripe.CardError as refusal:
            return refusal.error.decline_code or refusal.code, None
        return intent.status, intent.client_secret

    return charged


@pytest.mark.parametrize(("number", "outcomes"), OUTCOMES.items())
def test_every_card_does_what_it_is_for(shop, visitor, typed, charge, number, outcomes):
    cvc = {"card[cvc]": "1234"} if number.startswith("37") else {}
    attached, on_session, off_session, authenticated = outcomes
    customer = shop.customer(card=None).id
    kept = typed(number, **cvc)
    assert attaching(shop, kept, customer) == attached
    outcome, secret = charge(typed(number, **cvc))
    assert outcome == on_session
    if authenticated:
        intent = visitor.authenticate(secret).json()["intent"]
        error = intent["last_payment_error"]
        assert (error["decline_code"] if error else intent["status"]) == authenticated
    theirs = {"customer": customer} if attached == "attached" else {}
    assert charge(kept, off_session=True, **theirs)[0] == off_session


def test_every_number_of_the_table_is_tried_somewhere():
    plain = [card for card in TABLE.values() if card.number not in OUTCOMES]
    assert all((card.attach, card.charge, card.asks, card.disputed) == (None, None, "never", False) for card in plain)


@pytest.mark.parametrize("name", NAMED)
def test_every_name_stands_for_a_card_and_so_does_its_token(shop, name):
    token = name.replace("pm_card_", "tok_", 1)
    made = shop.v1.payment_methods.create({"type": "card", "card": {"token": token}})
    assert made.card.last4 == NAMED[name][-4:]
    if TABLE[NAMED[name]].attach is None:
        assert (
            shop.v1.payment_methods.attach(name, {"customer": shop.customer(card=None).id}).card.last4
            == made.card.last4
        )


def test_a_card_expires_when_its_month_is_over(shop, typed, charge, clock):
    customer = shop.customer(card=None).id
    method = typed(VISA, **{"card[exp_month]": 2, "card[exp_year]": 2027})
    shop.v1.payment_methods.attach(method, {"customer": customer})
    clock.turn(by="58 days")
    assert charge(method, customer=customer)[0] == "succeeded"
    clock.turn(by="1 day")
    assert charge(method, customer=customer)[0] == "expired_card"
    fresh = typed(VISA, **{"card[exp_month]": 3, "card[exp_year]": 2027})
    clock.turn(by="31 days")
    assert attaching(shop, fresh, customer) == "expired_card"


def test_a_new_expiry_makes_a_card_good_again(shop, typed, charge, clock):
    customer = shop.customer(card=None).id
    method = typed(VISA, **{"card[exp_month]": 1, "card[exp_year]": 2027})
    shop.v1.payment_methods.attach(method, {"customer": customer})
    clock.turn(by="40 days")
    with pytest.raises(stripe.CardError) as error:
        shop.v1.payment_methods.update(method, {"card": {"exp_year": 2026}})
    assert error.value.code == "invalid_expiry_year"
    changed = shop.v1.payment_methods.update(method, {"card": {"exp_month": 11, "exp_year": 31}})
    assert (changed.card.exp_month, changed.card.exp_year) == (11, 2031)
    assert charge(method, customer=customer)[0] == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.payment_methods.update(method, {"card": {"networks": {"preferred": "visa"}}})
    assert refused.value.code == "parameter_unsupported"


def test_the_bank_renews_a_card(shop, url, received):
    method = shop.customer().invoice_settings.default_payment_method
    old = shop.v1.payment_methods.retrieve(method).card
    received()
    renewed = requests.post(f"{url}/_sandbox/payment_methods/{method}/renew").json()["card"]
    assert (renewed["exp_year"], renewed["fingerprint"]) == (old.exp_year + 5, old.fingerprint)
    assert received() == ["payment_method.automatically_updated"]
    (event,) = shop.v1.events.list({"type": "payment_method.automatically_updated"}).data
    assert event.data.previous_attributes.to_dict() == {"card": {"exp_year": old.exp_year}}
    assert requests.post(f"{url}/_sandbox/payment_methods/pm_nothing/renew").status_code == 404


def test_the_checks_of_a_card_are_told(visitor):
    address = {"billing_details[address][postal_code]": "10115"}
    checks = visitor.card("4000000000000036", **address).json()["card"]["checks"]
    assert (checks["address_postal_code_check"], checks["cvc_check"]) == ("fail", "pass")
    assert visitor.card("4000000000000101").json()["card"]["checks"]["cvc_check"] == "fail"


def test_a_detached_card_pays_for_nothing(shop, charge):
    customer = shop.customer()
    method = shop.v1.payment_methods.detach(customer.invoice_settings.default_payment_method).id
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        charge(method, customer=customer.id)
    with pytest.raises(stripe.InvalidRequestError, match="not attached to a customer"):
        shop.v1.payment_methods.detach(method)
    with pytest.raises(stripe.InvalidRequestError, match="must save this PaymentMethod"):
        shop.v1.payment_methods.update(method, {"metadata": {"a": "1"}})


def test_the_cards_of_a_customer_are_listed_newest_first(shop):
    customer = shop.customer(card=None).id
    made = [shop.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id for _ in range(3)]
    shop.v1.payment_methods.update(made[0], {"allow_redisplay": "always"})
    found = shop.v1.payment_methods.list({"customer": customer, "limit": 2})
    assert ([one.id for one in found.data], found.has_more) == (made[:0:-1], True)
    shown = shop.v1.payment_methods.list({"customer": customer, "allow_redisplay": "always"}).data
    assert [one.id for one in shown] == made[:1]
    assert shop.v1.payment_methods.list({"customer": customer, "type": "sepa_debit"}).data == []
