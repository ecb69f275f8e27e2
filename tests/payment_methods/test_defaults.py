"""Another default card: the customer's and the subscription's own, and what is overdue is tried with it at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.core.extensions import db
from app.gateway.client import client
from app.invoices.models import Invoice
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.payment_methods.conftest import (
    MASTERCARD,
    VISA,
    cards_of,
    default_at_stripe,
    falter,
    the_card,
    the_open_invoice,
)
from tests.subscriptions.changing import change_to

Subscribe = Callable[..., None]
Save = Callable[..., None]
Press = Callable[..., Any]
Owing = Callable[..., Invoice]
ASKS_ALWAYS, NO_MONEY_LATER = "pm_card_authenticationRequired", "4000000000000341"


def subscription_of(browser: Browser) -> Subscription:
    return db.session.scalars(Subscription.of(browser.organization)).one()


def charges(browser: Browser, sandbox: Sandbox) -> list[int]:
    found = sandbox.objects("charges", customer=str(browser.organization.stripe_customer_id))
    return [charge["amount"] for charge in found if charge["paid"]]


def test_it_is_set_for_the_customer_and_for_the_subscription(
    ada: Browser, subscribe: Subscribe, save_card: Save, make_default: Press
):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    page = ada.get(make_default(ada, "4444").location).text
    assert "Mastercard •••• 4444 is the default card from now on." in page
    assert subscription_of(ada).default_payment_method == default_at_stripe(ada) == the_card(ada, "4444").stripe_id


def test_the_next_renewal_is_paid_with_it(
    ada: Browser, subscribe: Subscribe, save_card: Save, make_default: Press, sandbox: Sandbox
):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    make_default(ada, "4444")
    sandbox.turn_clock("1 month")
    sandbox.turn_clock("2 hours")
    work(sandbox)
    newest = db.session.scalars(Invoice.of(ada.organization).order_by(Invoice.id.desc())).first()
    assert newest.payments[0]["last4"] == "4444"


def test_what_is_overdue_is_paid_at_once_and_told(
    ada: Browser, owing: Owing, save_card: Save, make_default: Press, sandbox: Sandbox
):
    number = owing().number
    page = ada.get("/payment-methods").text
    assert "$99.00 is overdue" in page
    assert "Make default and pay $99.00" in page
    page = ada.get(make_default(ada, "4242", due="$99.00").location).text
    assert "$99.00 paid" in page
    assert number in page
    assert "is overdue" not in page
    assert subscription_of(ada).status == "active"
    assert charges(ada, sandbox) == [9900, 9900]


def test_a_refusal_says_why_and_where_to_pay_otherwise(
    ada: Browser, owing: Owing, save_card: Save, make_default: Press
):
    owing()
    save_card(ada, NO_MONEY_LATER, default=False)
    again = [card for card in cards_of(ada) if card.last4 == "0341" and not card.is_default]
    answer = ada.post(f"/payment-methods/{again[0].public_id}/default", data={"token": "t" * 22, "due": "$99.00"})
    page = ada.get(answer.location).text
    assert "$99.00 was not paid" in page
    assert "Your card was declined." in page
    assert "Pay another way" in page


def test_a_bank_that_asks_is_told_with_the_way_to_confirm(
    ada: Browser, owing: Owing, make_default: Press, sandbox: Sandbox
):
    invoice = owing()
    client().v1.payment_methods.attach(ASKS_ALWAYS, {"customer": str(ada.organization.stripe_customer_id)})
    work(sandbox)
    (asking,) = [card for card in cards_of(ada) if card.last4 not in {"4242", "0341"}]
    page = ada.get(make_default(ada, asking.last4, due="$99.00").location).text
    assert "Your bank asks you to confirm $99.00" in page
    assert f'href="/invoices/{invoice.number}/payment"' in page


def test_a_new_card_pays_what_is_overdue_and_the_return_page_says_so(ada: Browser, owing: Owing, begin_saving: Any):
    owing()
    assert "$99.00 is overdue." in ada.get("/payment-methods/new").text
    intent = begin_saving(ada, MASTERCARD, due="9900 usd")
    for _ in range(2):  # also when it is looked at again
        page = ada.get(f"/payment-methods/return/{intent['id']}").text
        assert "$99.00 paid" in page
    assert subscription_of(ada).status == "active"


def test_when_the_event_was_quicker_the_return_page_still_says_what_came_of_it(
    ada: Browser, owing: Owing, begin_saving: Any, sandbox: Sandbox
):
    owing()
    intent = begin_saving(ada, MASTERCARD, due="9900 usd")
    work(sandbox)
    assert subscription_of(ada).status == "active"
    assert "$99.00 paid" in ada.get(f"/payment-methods/return/{intent['id']}").text
    assert charges(ada, sandbox) == [9900, 9900]


def test_a_card_that_is_only_saved_pays_nothing(ada: Browser, owing: Owing, save_card: Save):
    owing()
    save_card(ada, MASTERCARD, default=False)
    assert the_open_invoice(ada).is_overdue


def test_looking_at_an_old_return_page_charges_nothing(
    ada: Browser, subscribe: Subscribe, begin_saving: Any, sandbox: Sandbox
):
    subscribe(ada)
    intent = begin_saving(ada, NO_MONEY_LATER)
    work(sandbox)
    sandbox.turn_clock("1 month")
    sandbox.turn_clock("2 hours")
    work(sandbox)
    attempts = len(sandbox.objects("charges"))
    ada.get(f"/payment-methods/return/{intent['id']}")
    assert len(sandbox.objects("charges")) == attempts


def test_another_amount_than_the_button_said_changes_nothing(ada: Browser, owing: Owing, make_default: Press):
    owing()
    page = ada.get(make_default(ada, "4242", due="").location).text
    assert "By now $99.00 is due. Nothing was charged and nothing was changed" in page
    assert default_at_stripe(ada) == the_card(ada, "0341").stripe_id


def test_pressed_twice_at_once_it_charges_once(ada: Browser, owing: Owing, make_default: Press, sandbox: Sandbox):
    owing()
    card = the_card(ada, "4242").public_id
    press = {"token": "t" * 22, "due": "$99.00"}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: ada.post(f"/payment-methods/{card}/default", data=press), range(2)))
    assert {answer.status_code for answer in answers} == {303}
    assert all("$99.00 paid" in ada.get(answer.location).text for answer in answers)
    assert charges(ada, sandbox) == [9900, 9900]


def test_a_form_used_for_one_card_is_not_taken_for_another(
    ada: Browser, subscribe: Subscribe, save_card: Save, make_default: Press
):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    make_default(ada, "4444", token="t" * 22)
    assert make_default(ada, "4242", token="t" * 22).status_code == 409
    assert subscription_of(ada).default_payment_method == the_card(ada, "4444").stripe_id


def test_an_old_page_does_not_pretend_to_choose_again(
    ada: Browser, subscribe: Subscribe, save_card: Save, make_default: Press
):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    make_default(ada, "4444", token="a" * 22)
    make_default(ada, "4242", token="b" * 22)
    answer = make_default(ada, "4444", token="a" * 22)
    assert answer.status_code == 409
    assert "This form was already used." in answer.text
    assert subscription_of(ada).default_payment_method == the_card(ada, "4242").stripe_id


def test_a_card_removed_at_stripe_meanwhile_gets_a_clear_sentence(
    ada: Browser, subscribe: Subscribe, save_card: Save, make_default: Press, sandbox: Sandbox
):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    client().v1.payment_methods.detach(the_card(ada, "4444").stripe_id)
    page = ada.get(make_default(ada, "4444").location).text
    assert "it may have been removed in another tab. Nothing was changed." in page
    assert [card.last4 for card in cards_of(ada)] == ["4242"]


def test_without_a_token_nothing_happens(ada: Browser, subscribe: Subscribe, save_card: Save, make_default: Press):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    assert make_default(ada, "4444", token="x").status_code == 400
    assert default_at_stripe(ada) is None


def test_an_abandoned_start_is_not_paid_by_saving_a_card(ada: Browser, nexus, card, save_card: Save):
    form = {"token": "t" * 22, "name": "Ada", "country": "GB"}
    card.decline(
        ada.post(f"/checkout/{nexus('growth').public_id}", data=form).get_json()["client_secret"], "4000000000000002"
    )
    save_card(ada, VISA)
    assert the_open_invoice(ada).remaining_amount == 9900


@pytest.mark.parametrize("path", ["/v1/subscriptions", "/v1/customers"])
def test_with_stripe_away_it_says_so_and_the_same_form_does_it_later(
    ada: Browser, subscribe: Subscribe, save_card: Save, make_default: Press, sandbox: Sandbox, path: str
):
    subscribe(ada)
    save_card(ada, MASTERCARD, default=False)
    falter(sandbox, call="rate_limit", path=path, method="POST")
    assert make_default(ada, "4444", token="t" * 22).status_code == 503
    falter(sandbox, call="rate_limit", path="/v1/nothing")
    assert make_default(ada, "4444", token="t" * 22).status_code == 303
    assert subscription_of(ada).default_payment_method == default_at_stripe(ada) == the_card(ada, "4444").stripe_id


def test_a_scheduled_change_is_charged_to_it_as_well(
    ada: Browser, subscribe: Subscribe, nexus: Any, save_card: Save, make_default: Press, sandbox: Sandbox
):
    subscribe(ada)
    change_to(ada, nexus("starter"))
    save_card(ada, MASTERCARD, default=False)
    make_default(ada, "4444")
    sandbox.turn_clock("1 month")
    sandbox.turn_clock("2 hours")
    work(sandbox)
    assert subscription_of(ada).price_id == nexus("starter").id
    newest = sandbox.objects("charges")[0]
    assert (newest["amount"], newest["payment_method_details"]["card"]["last4"]) == (2900, "4444")
    assert subscription_of(ada).default_payment_method == the_card(ada, "4444").stripe_id
