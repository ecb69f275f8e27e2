"""Payments that no invoice asks for."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from app.audit.models import Entry
from app.core.extensions import db
from app.core.money import Money
from app.gateway import payments as gateway
from app.gateway.client import client
from app.gateway.intents import IntentMismatch
from app.payments import one_off, service
from app.payments.models import Payment
from app.payments.one_off import Outcome
from tests.cast import Browser
from tests.helpers import CardForm, Sandbox, work

VISA = "pm_card_visa"
DECLINES = "pm_card_chargeCustomerFail"
ASKS_ALWAYS = "pm_card_authenticationRequired"


@pytest.fixture
def prepared(ada: Browser) -> Callable[..., Outcome]:
    def prepare(amount: Money = Money(2500, "usd"), token: str = "press") -> Outcome:  # noqa: B008  # frozen
        outcome = one_off.prepare(ada.organization, amount, "credits", "2,500 credits", token)
        db.session.commit()
        return outcome

    return prepare


def saved(ada: Browser, method: str) -> str:
    return client().v1.payment_methods.attach(method, {"customer": str(ada.organization.stripe_customer_id)}).id


def confirm(ada: Browser, outcome: Outcome, method: str, token: str = "press") -> Outcome:
    made = one_off.confirm(ada.organization, outcome.payment, saved(ada, method), token)
    db.session.commit()
    return made


def test_a_payment_waits_for_its_confirmation(prepared: Callable[..., Outcome]) -> None:
    outcome = prepared()
    assert (outcome.payment.status, outcome.payment.total) == ("requires_payment_method", Money(2500, "usd"))
    assert str(outcome.client_secret).startswith(outcome.payment.stripe_id)
    assert str(outcome.client_secret) not in repr(outcome)


def test_the_same_press_prepares_one_payment(prepared: Callable[..., Outcome], sandbox: Sandbox) -> None:
    assert prepared().payment.id == prepared().payment.id
    assert len(sandbox.objects("payment_intents")) == 1


def test_the_same_press_with_another_amount_is_refused(prepared: Callable[..., Outcome]) -> None:
    prepared()
    with pytest.raises(IntentMismatch):
        prepared(Money(9900, "usd"))


@pytest.mark.parametrize("amount", [0, -1, 1, 10**12])
def test_an_amount_no_card_pays_is_refused(prepared: Callable[..., Outcome], amount: int) -> None:
    with pytest.raises(one_off.AmountNotAllowed):
        prepared(Money(amount, "usd"))


@pytest.mark.parametrize(("currency", "written"), [("jpy", "¥2,500"), ("kwd", "KWD 2.500")])
def test_other_currencies_keep_their_decimals(
    prepared: Callable[..., Outcome], ada: Browser, currency: str, written: str
) -> None:
    confirm(ada, prepared(Money(2500, currency)), VISA)
    assert written in ada.get("/payments").text.replace("\xa0", " ")


def test_a_saved_card_pays_it(prepared: Callable[..., Outcome], ada: Browser, sandbox: Sandbox) -> None:
    outcome = confirm(ada, prepared(), VISA)
    assert (outcome.payment.is_paid, outcome.client_secret) == (True, None)
    page = ada.get("/payments").text
    assert "Credits" in page
    assert "Visa ending in 4242" in page
    assert "Payment received" in ada.get("/").text


def test_a_second_press_pays_nothing_more(prepared: Callable[..., Outcome], ada: Browser, sandbox: Sandbox) -> None:
    outcome = prepared()
    confirm(ada, outcome, VISA, "one")
    assert confirm(ada, outcome, VISA, "two").payment.is_paid
    assert len(sandbox.objects("charges")) == 1


def test_a_refused_card_is_told_and_listed(prepared: Callable[..., Outcome], ada: Browser) -> None:
    outcome = confirm(ada, prepared(), DECLINES)
    assert (outcome.payment.is_paid, outcome.sentence) == (False, "Your card was declined.")
    page = ada.get("/payments").text
    assert "Failed" in page
    assert "Your card was declined." in page


def test_a_bank_that_asks_is_answered_in_the_browser(prepared: Callable[..., Outcome], ada: Browser) -> None:
    outcome = confirm(ada, prepared(), ASKS_ALWAYS)
    assert outcome.payment.status == "requires_action"
    assert outcome.client_secret is not None


def test_what_the_browser_confirmed_arrives_by_event(
    prepared: Callable[..., Outcome], card: CardForm, sandbox: Sandbox
) -> None:
    card.confirm(str(prepared().client_secret), "4242424242424242")
    work(sandbox)
    payment = db.session.scalars(select(Payment)).one()
    assert (payment.is_paid, payment.purpose, payment.reference) == (True, "credits", "2,500 credits")
    assert len(db.session.scalars(select(Entry).where(Entry.action == "payment.succeeded")).all()) == 1


def test_an_older_answer_changes_nothing(app: Flask, prepared: Callable[..., Outcome], ada: Browser) -> None:
    outcome = prepared()
    old = gateway.retrieve(outcome.payment.stripe_id)
    confirm(ada, outcome, VISA)
    assert service.absorb(ada.organization, old, ("credits", "")).is_paid
