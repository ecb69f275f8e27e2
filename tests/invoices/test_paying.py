"""Paying an open invoice with a saved card, once per press."""

from collections.abc import Callable

import pytest

from app.audit.models import Entry
from app.core.extensions import db
from app.gateway.client import client
from app.invoices import paying
from app.invoices.models import Invoice
from app.invoices.paying import Result
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.invoices.owing import ASKS_ALWAYS, VISA, billed, charges_of, customer_of, give_card, owes, status_of

TOKEN = "t" * 22


def subscription_of(browser: Browser) -> Subscription:
    return db.session.scalars(Subscription.of(browser.organization)).one()


def test_another_saved_card_pays_and_brings_the_subscription_back(ada: Browser, renewal: Callable[..., Invoice]):
    invoice = renewal()
    assert subscription_of(ada).is_past_due
    outcome = paying.pay(ada.organization, invoice, give_card(ada, VISA), TOKEN)
    db.session.commit()
    assert outcome.result == Result.PAID
    assert status_of(invoice) == "paid"
    assert subscription_of(ada).status == "active"


def test_a_refused_card_says_why_and_leaves_the_invoice_open(ada: Browser):
    invoice = owes(ada)
    outcome = paying.pay(ada.organization, invoice, None, TOKEN)
    assert (outcome.result, outcome.sentence) == (Result.DECLINED, "Your card was declined.")
    assert status_of(invoice) == "open"


def test_a_refused_card_is_on_record(ada: Browser):
    invoice = owes(ada)
    paying.pay(ada.organization, invoice, None, TOKEN)
    entry = db.session.scalars(db.select(Entry).where(Entry.action == "invoice.payment_declined")).one()
    assert (entry.subject, entry.data["amount"]) == (invoice.public_id, 9900)


def test_a_card_that_asks_for_its_owner_is_to_be_confirmed(ada: Browser):
    outcome = paying.pay(ada.organization, owes(ada, ASKS_ALWAYS), None, TOKEN)
    assert outcome.result == Result.NEEDS_CONFIRMATION
    assert str(outcome.client_secret).startswith("pi_")
    assert str(outcome.client_secret) not in repr(outcome)


def test_the_same_press_twice_charges_once(ada: Browser):
    invoice = owes(ada, VISA)
    for _ in range(2):
        assert paying.pay(ada.organization, invoice, None, TOKEN).result == Result.PAID
        db.session.commit()
    assert charges_of(ada) == [9900]


def test_an_invoice_paid_elsewhere_says_so_and_is_caught_up_with(ada: Browser):
    invoice = owes(ada, VISA)
    client().v1.invoices.pay(invoice.stripe_id)
    assert paying.pay(ada.organization, invoice, None, TOKEN).result == Result.ALREADY_PAID
    db.session.commit()
    assert status_of(invoice) == "paid"
    assert charges_of(ada) == [9900]


@pytest.mark.parametrize("deed", ["void_invoice", "mark_uncollectible"])
def test_what_nobody_owes_any_more_is_not_charged(ada: Browser, deed: str):
    invoice = owes(ada, VISA)
    getattr(client().v1.invoices, deed)(invoice.stripe_id)
    outcome = paying.pay(ada.organization, invoice, None, TOKEN)
    assert outcome.result == Result.NOT_OWED
    assert outcome.sentence.endswith("any more.")
    assert charges_of(ada) == []


def test_another_amount_than_the_one_shown_is_not_charged(ada: Browser):
    invoice = owes(ada, VISA)
    with pytest.raises(paying.AmountChanged, match=r"\$99\.00"):
        paying.pay(ada.organization, invoice, None, TOKEN, shown=2900)
    assert charges_of(ada) == []


def test_a_card_of_somebody_else_pays_nothing(ada: Browser, cleo: Browser):
    invoice = owes(ada)
    customer_of(cleo)
    outcome = paying.pay(ada.organization, invoice, give_card(cleo, VISA), TOKEN)
    assert (outcome.result, outcome.sentence) == (
        Result.DECLINED,
        "This card cannot be used any more. Choose another one.",
    )


def test_a_customer_without_a_card_is_asked_for_one(ada: Browser):
    outcome = paying.pay(ada.organization, owes(ada, None), None, TOKEN)
    assert outcome.result == Result.DECLINED


def test_an_invoice_nobody_told_us_of_is_found_at_stripe(ada: Browser):
    found = paying.find(ada.organization, billed(ada))
    assert found is not None
    assert found.remaining_amount == 9900


def test_a_canceled_payment_leaves_an_invoice_that_says_nothing_is_due(ada: Browser):
    invoice = owes(ada)
    client().v1.invoices.void_invoice(invoice.stripe_id)
    state = paying.look(ada.organization, invoice)
    assert state.intent is not None
    assert state.intent.status == "canceled"
    assert "voided" in paying.outcome_of(state).sentence
