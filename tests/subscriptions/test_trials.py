"""A trial: with a card or without, once per organization, told before it ends, and what its end brings."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import current_app

from app.gateway import subscription_changes as gateway
from tests.cast import Browser
from tests.helpers import CardForm, Mailbox, Sandbox, work
from tests.promotions.codes import make_code
from worker import runner

from .on_trial import GOOD, Terms, form, of, reminders, saves, start_plainly, told, turn

# Without a card


def test_a_trial_that_needs_no_card_begins_with_a_plain_form(ada: Browser, sold: Terms):
    price = sold(card="optional")
    page = ada.get(f"/checkout/{price}").text
    assert "card-slot" not in page
    assert "no card is needed" in page
    assert start_plainly(ada, price).status_code == 303
    subscription = of(ada)
    assert (subscription.portal_state, subscription.default_payment_method) == ("trialing", None)


def test_the_plain_form_of_a_trial_that_needs_a_card_starts_nothing(ada: Browser, sold: Terms, sandbox: Sandbox):
    assert start_plainly(ada, sold()).status_code == 303
    work(sandbox)
    assert sandbox.objects("subscriptions", status="all") == []


def test_a_code_that_makes_it_free_for_good_still_brings_the_trial(
    ada: Browser, sold: Terms, card: CardForm, sandbox: Sandbox
):
    price = sold()
    make_code(sandbox, coupon={"percent_off": "100", "duration": "forever"})
    assert "card-slot" in ada.get(f"/checkout/{price}?promotion_code=SPRING20").text
    answer = ada.post(f"/checkout/{price}", data=form(ada, promotion_code="SPRING20")).get_json()
    ada.get(f"/checkout/return/{card.confirm(answer['client_secret'], GOOD)['id']}")
    assert of(ada).portal_state == "trialing"


def test_the_plain_form_says_what_is_missing(ada: Browser, sold: Terms, sandbox: Sandbox):
    price = sold(card="optional")
    answer = ada.post(f"/checkout/{price}/free", data=form(ada, name="", country="XX"))
    assert answer.status_code == 422
    assert "Please enter the name to print on the invoice." in answer.text
    assert sandbox.objects("subscriptions", status="all") == []


def test_two_tabs_begin_one_trial(ada: Browser, sold: Terms, sandbox: Sandbox):
    price = sold(card="optional")
    with ThreadPoolExecutor(2) as tabs:
        answers = list(tabs.map(lambda token: start_plainly(ada, price, token * 22), "ab"))
    assert [answer.status_code for answer in answers] == [303, 303]
    work(sandbox)
    assert len(sandbox.objects("subscriptions", status="all")) == 1


def test_a_second_trial_of_the_organization_is_not_begun(ada: Browser, sold: Terms, sandbox: Sandbox):
    price = sold(card="optional")
    start_plainly(ada, price)
    turn(sandbox, "15 days")
    assert of(ada).portal_state == "ended"
    assert "Pay $29.00" in ada.get(f"/checkout/{price}").text
    start_plainly(ada, price, "u" * 22)
    assert [s["status"] for s in sandbox.objects("subscriptions", status="all")].count("trialing") == 0


def test_a_member_or_a_stranger_begins_no_trial(person: Callable[..., Browser], ada: Browser, sold: Terms):
    dora = person("Dora", ada.organization, "member")
    assert start_plainly(dora, sold(card="optional")).status_code == 403


# What the end brings


@pytest.mark.parametrize(
    ("end", "state", "step", "sentence"),
    [
        ("cancel", "ended", "subscription.trial_ended", "without one it ends"),
        ("pause", "paused", "subscription.trial_paused", "without one it pauses"),
        ("invoice", "past_due", "subscription.trial_converted", "you get an invoice for $29.00"),
    ],
)
def test_without_a_card_the_end_is_that_of_the_catalogue(
    ada: Browser, sold: Terms, sandbox: Sandbox, end: str, state: str, step: str, sentence: str
):
    start_plainly(ada, sold(card="optional", end=end))
    work(sandbox)
    for address in ("/", "/subscription"):
        assert sentence in ada.get(address).text
    assert "Add card" in ada.get("/subscription").text
    turn(sandbox, "339 hours")
    assert of(ada).portal_state == state
    assert step in told(ada)
    assert not [charge for charge in sandbox.objects("charges") if charge["paid"]]


def test_what_holds_is_what_the_trial_began_with(ada: Browser, sold: Terms, sandbox: Sandbox):
    start_plainly(ada, sold(card="optional", end="pause"))
    sold(card="optional", end="cancel")
    assert "without one it pauses" in ada.get("/subscription").text
    turn(sandbox, "15 days")
    assert of(ada).portal_state == "paused"


def test_with_a_card_the_trial_is_charged_at_its_end(ada: Browser, sold: Terms, card: CardForm, sandbox: Sandbox):
    ada.get(f"/checkout/return/{saves(ada, sold(), card)}")
    work(sandbox)
    assert "Then $29.00 is charged to your card" in ada.get("/subscription").text
    turn(sandbox, "339 hours")
    assert of(ada).portal_state == "active"
    assert [charge["amount"] for charge in sandbox.objects("charges")] == [2900]
    assert "subscription.trial_converted" in told(ada)


def test_the_end_is_on_the_plans_page_and_in_its_last_days_on_every_page(ada: Browser, sold: Terms, sandbox: Sandbox):
    start_plainly(ada, sold(card="optional", end="pause"))
    work(sandbox)
    assert "Your trial of it ends on" in ada.get("/plans").text
    assert "Without a card your plan pauses then." not in ada.get("/invoices").text
    turn(sandbox, "265 hours")
    assert "Without a card your plan pauses then." in ada.get("/invoices").text


# The reminder


@pytest.mark.parametrize(("days", "quiet", "then"), [(14, "263 hours", "2 hours"), (7, "143 hours", "2 hours")])
def test_the_reminder_comes_once_and_says_what_will_happen(
    ada: Browser, sold: Terms, card: CardForm, sandbox: Sandbox, mailbox: Mailbox, days: int, quiet: str, then: str
):
    ada.get(f"/checkout/return/{saves(ada, sold(days=days), card)}")
    work(sandbox)
    turn(sandbox, quiet)
    assert reminders(mailbox, ada) == []
    turn(sandbox, then)
    turn(sandbox, "1 hour")
    (mail,) = reminders(mailbox, ada)
    assert "Then $29.00 is charged to Visa •••• 4242" in mail["text"]
    assert "/subscription" in mail["text"]
    assert told(ada).count("subscription.trial_reminded") == 1


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        ("cancel", "Without one it ends: nothing is charged"),
        ("pause", "Without one it pauses: nothing is charged"),
        ("invoice", "you get an invoice for $29.00"),
    ],
)
def test_the_reminder_of_a_trial_without_a_card_says_so(
    ada: Browser, sold: Terms, sandbox: Sandbox, mailbox: Mailbox, end: str, sentence: str
):
    start_plainly(ada, sold(card="optional", end=end))
    turn(sandbox, "265 hours")
    (mail,) = reminders(mailbox, ada)
    assert "No card is saved." in mail["text"]
    assert sentence in mail["text"]
    assert "/payment-methods/new" in mail["text"]


def test_a_reminder_that_could_not_go_out_in_time_is_dropped(
    ada: Browser, sold: Terms, sandbox: Sandbox, mailbox: Mailbox
):
    start_plainly(ada, sold(card="optional"))
    sandbox.turn_clock("265 hours")
    with current_app.app_context():  # its own session, as in another process
        runner.drain("default")
    sandbox.turn_clock("4 days")
    work(sandbox)
    assert told(ada).count("subscription.trial_reminded") == 1
    assert reminders(mailbox, ada) == []


def test_a_canceled_trial_is_not_reminded_of(ada: Browser, sold: Terms, sandbox: Sandbox, mailbox: Mailbox):
    start_plainly(ada, sold(card="optional"))
    ada.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused", "comment": ""})
    turn(sandbox, "12 days")
    assert reminders(mailbox, ada) == []


def test_who_takes_the_cancellation_back_in_the_last_days_is_reminded(
    ada: Browser, sold: Terms, sandbox: Sandbox, mailbox: Mailbox
):
    start_plainly(ada, sold(card="optional"))
    ada.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused", "comment": ""})
    turn(sandbox, "12 days")
    ada.post("/subscription/cancellation", data={"token": "k" * 22, "_method": "DELETE"})
    work(sandbox)
    assert len(reminders(mailbox, ada)) == 1


def test_a_trial_whose_end_moved_is_reminded_of_for_the_new_end(
    ada: Browser, sold: Terms, sandbox: Sandbox, mailbox: Mailbox
):
    start_plainly(ada, sold(card="optional"))
    subscription = of(ada)
    later = int((subscription.trial_end + timedelta(days=10)).timestamp())
    gateway.update("extend", subscription.stripe_id, {"trial_end": later, "proration_behavior": "none"})
    turn(sandbox, "12 days")
    assert reminders(mailbox, ada) == []
    turn(sandbox, "10 days")
    assert len(reminders(mailbox, ada)) == 1
