"""The page on which a signed-in customer pays an open invoice."""

import re
from threading import Thread

import pytest
import requests
from flask import current_app
from stripe.params import SubscriptionUpdateParams

from app.core import clock
from app.core.extensions import db
from app.gateway.client import client as stripe
from app.invoices.models import Invoice
from app.organizations.models import Role
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work
from tests.invoices.owing import ASKS_ALWAYS, FAILS_LATER, VISA, billed, charges_of, give_card, owes, status_of

TOKEN = "t" * 22
JSON = {"Accept": "application/json"}


def page_of(invoice: Invoice) -> str:
    return f"/invoices/{invoice.number}/payment"


def form_for(card: str, token: str = TOKEN, amount: str = "9900") -> dict[str, str]:
    return {"token": token, "amount": amount, "card": card}


def answer_the_bank(secret: str, outcome: str = "complete") -> None:
    base = current_app.extensions["settings"].stripe_api_base
    body = {"client_secret": secret, "outcome": outcome}
    requests.post(f"{base}/_browser/3ds/{secret.split('_secret_')[0]}", json=body, timeout=10).raise_for_status()


def test_the_page_says_what_is_paid_and_with_which_cards(ada: Browser):
    invoice = owes(ada, VISA)
    text = ada.get(page_of(invoice)).text
    for words in ("Confirm your payment", "Pay $99.00", "Setup", "Visa ending in 4242", "Use another card"):
        assert words in text


def test_a_plain_form_pays_with_a_saved_card(ada: Browser):
    invoice = owes(ada)
    answer = ada.post(page_of(invoice), data=form_for(give_card(ada, VISA)))
    assert (answer.status_code, answer.location) == (303, page_of(invoice))
    assert status_of(invoice) == "paid"
    assert "Payment received" in ada.get(page_of(invoice)).text


def test_a_refused_card_is_told_beside_the_form_which_may_be_sent_again(ada: Browser):
    invoice = owes(ada)
    answer = ada.post(page_of(invoice), data=form_for(give_card(ada, FAILS_LATER)))
    assert answer.status_code == 402
    assert "Your card was declined." in answer.text
    assert TOKEN not in answer.text
    assert 'role="alert"' in answer.text
    answer = ada.post(page_of(invoice), data=form_for(give_card(ada, VISA), "u" * 22))
    assert answer.status_code == 303
    assert charges_of(ada) == [9900]


def test_a_refusal_is_said_once_now_and_later_and_its_card_is_marked(ada: Browser):
    invoice = owes(ada)
    give_card(ada, VISA)
    now = ada.post(page_of(invoice), data=form_for(give_card(ada, FAILS_LATER))).text
    later = ada.get(page_of(invoice)).text
    for text in (now, later):
        assert text.count("Your card was declined") == 1
        assert text.count("declined last time") == 1
        assert re.search(r"ending in 0341, expires [\d/]+, declined last time", text)
    assert "The last attempt failed" in later
    assert "The last attempt failed" not in now


def test_long_after_the_payment_no_receipt_is_promised(ada: Browser, sandbox: Sandbox):
    invoice = owes(ada)
    ada.post(page_of(invoice), data=form_for(give_card(ada, VISA)))
    assert "A receipt goes to" in ada.get(page_of(invoice)).text
    sandbox.turn_clock("2 months")
    clock.refresh()
    text = ada.get(page_of(invoice)).text
    assert "A receipt goes to" not in text
    assert "Already paid" in text
    assert "Nothing more is due on it." in text


def test_the_card_that_was_refused_is_not_chosen_again(ada: Browser):
    invoice = owes(ada)
    other, refused = give_card(ada, VISA), give_card(ada, FAILS_LATER)
    text = ada.post(page_of(invoice), data=form_for(refused)).text
    (chosen,) = re.findall(r"<input[^>]* checked[^>]*>", text)
    assert other in chosen


def test_the_script_is_told_to_go_on_with_the_banks_question(ada: Browser):
    invoice = owes(ada)
    answer = ada.post(page_of(invoice), data=form_for(give_card(ada, ASKS_ALWAYS)), headers=JSON).get_json()
    assert answer["kind"] == "action"
    assert answer["token"] != TOKEN
    answer_the_bank(answer["client_secret"])
    assert "Payment received" in ada.get(page_of(invoice)).text
    assert status_of(invoice) == "paid"


def test_an_unanswered_bank_leaves_the_invoice_open_and_payable_with_another_card(ada: Browser):
    invoice = owes(ada)
    ada.post(page_of(invoice), data=form_for(give_card(ada, ASKS_ALWAYS)), headers=JSON)
    text = ada.get(page_of(invoice)).text
    assert "Your bank asks you to confirm this payment" in text
    assert ada.post(page_of(invoice), data=form_for(give_card(ada, VISA), "u" * 22)).status_code == 303
    assert charges_of(ada) == [9900]


def test_a_bank_that_was_told_no_is_no_end(ada: Browser):
    invoice = owes(ada)
    card = give_card(ada, ASKS_ALWAYS)
    secret = ada.post(page_of(invoice), data=form_for(card), headers=JSON).get_json()["client_secret"]
    answer_the_bank(secret, "fail")
    assert "Your bank did not confirm the payment." in ada.get(page_of(invoice)).text
    again = ada.post(page_of(invoice), data=form_for(card, "u" * 22), headers=JSON).get_json()
    answer_the_bank(again["client_secret"])
    assert "Payment received" in ada.get(page_of(invoice)).text


def test_another_card_is_confirmed_by_the_browser(ada: Browser, card: CardForm):
    invoice = owes(ada)
    assert 'id="card-form"' in ada.get(page_of(invoice) + "?card=other").text
    data = {"token": TOKEN, "amount": "9900"}
    answer = ada.post(page_of(invoice) + "/card", data=data, headers=JSON).get_json()
    assert answer["kind"] == "payment"
    card.confirm(answer["client_secret"], "4242424242424242")
    came_back = ada.get(f"{page_of(invoice)}/return?payment_intent=pi_1&payment_intent_client_secret=pi_1_secret_2")
    assert came_back.location == page_of(invoice)
    assert "Payment received" in ada.get(page_of(invoice)).text
    assert status_of(invoice) == "paid"


@pytest.mark.parametrize("is_event_first", [True, False])
def test_the_event_and_the_return_may_come_in_any_order(ada: Browser, card: CardForm, sandbox: Sandbox, is_event_first):
    invoice = owes(ada)
    sandbox.hold_events(not is_event_first)
    data = {"token": TOKEN, "amount": "9900"}
    card.confirm(
        ada.post(page_of(invoice) + "/card", data=data, headers=JSON).get_json()["client_secret"], "4242424242424242"
    )
    if is_event_first:
        work(sandbox)
    assert "Payment received" in ada.get(page_of(invoice)).text
    sandbox.hold_events(False)
    work(sandbox)
    assert (status_of(invoice), charges_of(ada)) == ("paid", [9900])


def test_a_paid_invoice_hands_out_no_secret(ada: Browser):
    invoice = owes(ada, VISA)
    stripe().v1.invoices.pay(invoice.stripe_id)
    answer = ada.post(page_of(invoice) + "/card", data={"token": TOKEN, "amount": "9900"}, headers=JSON)
    assert answer.get_json() == {"redirect": page_of(invoice)}


def test_a_void_invoice_says_that_nothing_is_due(ada: Browser):
    invoice = owes(ada, VISA)
    stripe().v1.invoices.void_invoice(invoice.stripe_id)
    text = ada.get(page_of(invoice)).text
    assert "Nothing to pay" in text
    assert "This invoice was voided." in text


def test_two_presses_at_once_charge_once(ada: Browser, bob: Browser):
    invoice = owes(ada)
    card = give_card(ada, VISA)
    answers: list[int] = []

    def press(browser: Browser, token: str) -> None:
        answers.append(browser.post(page, data=form_for(card, token)).status_code)

    page = page_of(invoice)
    threads = [Thread(target=press, args=pair) for pair in ((ada, "a" * 22), (bob, "b" * 22))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303, 303]
    assert charges_of(ada) == [9900]


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "short"},
        {"card": ""},
        {"amount": "0"},
        {"amount": "-1"},
        {"amount": "1.5"},
        {"amount": "1" + "0" * 12},
        {"amount": "\0"},
    ],
)
def test_what_no_form_of_ours_says_charges_nothing(ada: Browser, wrong: dict[str, str]):
    invoice = owes(ada)
    answer = ada.post(page_of(invoice), data=form_for(give_card(ada, VISA)) | wrong)
    assert answer.status_code in {409, 422}
    assert charges_of(ada) == []


@pytest.mark.parametrize("card", ["pm_unknown", "\0", "x" * 5000, "pm_1/../../customers"])
def test_a_card_that_is_none_charges_nothing(ada: Browser, card: str):
    invoice = owes(ada, VISA)
    assert ada.post(page_of(invoice), data=form_for(card)).status_code in {402, 404}
    assert charges_of(ada) == []


def test_stripe_silent_while_it_charges_does_not_charge_twice(ada: Browser, sandbox: Sandbox):
    invoice = owes(ada)
    card = give_card(ada, VISA)
    fault = {"call": "error", "when": "after", "operation": "POST /v1/invoices/{invoice}/pay", "count": 3}
    sandbox._post("faults", {"seed": 1, "plan": [fault]})
    answer = ada.post(page_of(invoice), data=form_for(card))
    assert answer.status_code in {303, 503}
    sandbox._post("faults", {"seed": 1, "plan": []})
    ada.post(page_of(invoice), data=form_for(card))
    assert "Payment received" in ada.get(page_of(invoice)).text
    assert charges_of(ada) == [9900]


def test_a_stranger_and_a_reader_pay_nothing(ada: Browser, cleo: Browser, person):
    invoice = owes(ada, VISA)
    reader = person("Rita", ada.organization, Role.MEMBER)
    for address in ("", "/card"):
        assert cleo.post(page_of(invoice) + address, data=form_for("pm_1")).status_code == 404
        assert reader.post(page_of(invoice) + address, data=form_for("pm_1")).status_code == 403
    assert (cleo.get(page_of(invoice)).status_code, reader.get(page_of(invoice)).status_code) == (404, 403)
    assert "Pay $99.00" not in reader.get(f"/invoices/{invoice.number}").text


def test_open_invoices_offer_the_button_in_the_list_and_on_their_page(ada: Browser):
    invoice = owes(ada, VISA)
    for address in ("/invoices", f"/invoices/{invoice.number}"):
        assert re.search(rf'href="{page_of(invoice)}"[^>]*>Pay \$99\.00</a>', ada.get(address).text)
    stripe().v1.invoices.pay(invoice.stripe_id)
    ada.get(page_of(invoice))
    assert "Pay $99.00" not in ada.get("/invoices").text


def test_an_invoice_we_have_not_heard_of_is_fetched_on_the_way_to_its_page(ada: Browser):
    unheard = billed(ada)
    answer = ada.get(f"/invoices/pay/{unheard}")
    invoice = db.session.scalars(Invoice.of(ada.organization)).one()
    assert answer.location == page_of(invoice)


def test_a_draft_has_no_page_to_pay_on(ada: Browser):
    owes(ada)
    draft = stripe().v1.invoices.create({"customer": str(ada.organization.stripe_customer_id)})
    assert ada.get(f"/invoices/pay/{draft.id}").location == "/invoices?status=open"


def test_paying_the_invoice_of_a_change_that_waits_brings_the_new_plan(ada: Browser, subscribe, nexus, sandbox):
    subscribe(ada, "growth")
    give_card(ada, FAILS_LATER)
    subscription = db.session.scalars(Subscription.of(ada.organization)).one()
    change: SubscriptionUpdateParams = {
        "items": [{"id": str(subscription.item), "price": nexus("pro").stripe_price_id}]
    }
    change["payment_behavior"], change["proration_behavior"] = "pending_if_incomplete", "always_invoice"
    waiting = stripe().v1.subscriptions.update(subscription.stripe_id, change)
    way = ada.get(f"/invoices/pay/{waiting.latest_invoice}").location
    work(sandbox)
    assert "Discard the change" in ada.get(way).text
    amount = re.search(r'name="amount" type="hidden" value="(\d+)"', ada.get(way).text)
    assert amount is not None
    assert ada.post(way, data=form_for(give_card(ada, VISA), amount=amount[1])).status_code == 303
    assert db.session.scalars(Subscription.of(ada.organization)).one().price.plan.key == "pro"
    assert "Discard the change" not in ada.get(way).text


@pytest.mark.parametrize("stripe_id", ["in_unknown", "cus_1", "in_1%00", "..", "in_1%2F..%2F..%2Fcustomers"])
def test_what_is_no_invoice_of_theirs_is_not_found(ada: Browser, stripe_id: str):
    assert ada.get(f"/invoices/pay/{stripe_id}").status_code == 404


def test_a_strangers_invoice_is_not_found_by_its_id(ada: Browser, cleo: Browser):
    owes(cleo)
    assert cleo.get(f"/invoices/pay/{billed(ada)}").status_code == 404
    assert db.session.scalars(Invoice.of(ada.organization)).all() == []
