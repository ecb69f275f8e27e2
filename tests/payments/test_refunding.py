"""Giving money back: in whole, in part, once, and never more than was paid."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from app.audit.models import Entry
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.money import Money
from app.gateway.client import client
from app.gateway.errors import GatewayUnavailable
from app.payments import refunding, service
from app.payments.models import Payment, Refund
from tests.cast import Browser
from tests.helpers import Mailbox, Sandbox, work

BOTH_TELL_LATER = "4000000000005126"


@pytest.fixture
def paid(ada: Browser, subscribe, sandbox: Sandbox) -> Payment:
    """Ada's first invoice of $99.00, paid."""
    subscribe(ada, "growth")
    return db.session.scalars(select(Payment)).one()


def refund(payment: Payment, amount: int | None = None, token: str = "press") -> Refund:
    wish = None if amount is None else Money(amount, payment.currency)
    made = refunding.refund(payment, wish, "requested_by_customer", token)
    db.session.commit()
    return made


def given_back(payment: Payment, sandbox: Sandbox) -> int:
    return sum(one["amount"] for one in sandbox.objects("refunds", payment_intent=payment.stripe_id))


def test_the_whole_payment_goes_back(paid: Payment, ada: Browser, sandbox: Sandbox) -> None:
    made = refund(paid)
    assert (made.total, made.status, made.reason) == (Money(9900, "usd"), "succeeded", "requested_by_customer")
    assert given_back(paid, sandbox) == 9900
    page = ada.get("/payments").text
    assert "Refunded" in page
    assert "Partly refunded" not in page


def test_a_part_leaves_the_rest_to_refund(paid: Payment, ada: Browser, sandbox: Sandbox) -> None:
    refund(paid, 4000, "one")
    assert "$40.00 given back" in ada.get("/payments").text
    assert refund(paid, None, "two").amount == 5900
    assert given_back(paid, sandbox) == 9900


@pytest.mark.parametrize("amount", [0, -1, 9901, 10**12])
def test_no_other_amount_than_one_up_to_what_is_left_is_refunded(paid: Payment, sandbox: Sandbox, amount: int) -> None:
    with pytest.raises(refunding.RefundTooLarge, match=r"up to \$99\.00"):
        refund(paid, amount)
    assert given_back(paid, sandbox) == 0


def test_another_currency_is_refused(paid: Payment) -> None:
    with pytest.raises(refunding.RefundTooLarge):
        refunding.refund(paid, Money(100, "eur"), "duplicate", "press")


def test_nothing_is_left_after_all_was_refunded(paid: Payment, sandbox: Sandbox) -> None:
    refund(paid, None, "one")
    with pytest.raises(refunding.NothingToRefund):
        refund(paid, None, "two")
    assert given_back(paid, sandbox) == 9900


def test_one_press_sent_twice_refunds_once(paid: Payment, sandbox: Sandbox) -> None:
    assert refund(paid, 1000).stripe_id == refund(paid, 1000).stripe_id
    assert given_back(paid, sandbox) == 1000
    assert db.session.scalars(select(Entry).where(Entry.action == "refund.ordered")).one().data["amount"] == 1000


def test_two_members_of_staff_at_once_refund_once(app: Flask, paid: Payment, sandbox: Sandbox) -> None:
    def press(token: str) -> str:
        with app.app_context():
            try:
                refund(db.session.get_one(Payment, paid.id), None, token)
            except PortalError as error:
                return error.code
            return "refunded"

    with ThreadPoolExecutor(2) as staff:
        outcomes = sorted(staff.map(press, ["sam", "kim"]))
    assert outcomes == ["nothing_to_refund", "refunded"]
    assert given_back(paid, sandbox) == 9900


def test_a_lost_answer_is_found_by_the_same_press(paid: Payment, sandbox: Sandbox) -> None:
    lost = {"call": "reset", "when": "after", "operation": "POST /v1/refunds", "count": None}
    sandbox._post("faults", {"seed": 1, "plan": [lost]})
    with pytest.raises(GatewayUnavailable):
        refund(paid, 1000)
    db.session.rollback()
    sandbox._post("faults", {"seed": 1, "plan": []})
    assert refund(paid, 1000).amount == 1000
    assert given_back(paid, sandbox) == 1000


def test_a_refund_is_mailed_once(paid: Payment, ada: Browser, sandbox: Sandbox, mailbox: Mailbox) -> None:
    mailbox.empty()
    refund(paid, 4000)
    work(sandbox)
    (mail,) = mailbox.to("ada@example.com")
    assert mail["subject"] == f"Refund of $40.00, invoice {paid.reference}"
    assert "Visa ending in 4242" in mail["text"]


def test_a_refund_shows_on_its_invoice(paid: Payment, ada: Browser) -> None:
    refund(paid, 4000)
    page = ada.get(f"/invoices/{paid.reference}").text
    assert "Refunded" in page
    assert "$40.00" in page


def test_a_refund_that_fails_later_is_taken_back(ada: Browser, subscribe, sandbox: Sandbox) -> None:
    subscribe(ada, "growth", BOTH_TELL_LATER)
    payment = db.session.scalars(select(Payment)).one()
    refund(payment)
    sandbox.turn_clock("2 hours")
    work(sandbox)
    assert db.session.scalars(select(Refund)).one().is_gone
    assert "Refunded" not in ada.get("/payments").text
    assert "A refund came back from the bank" in ada.get("/").text
    assert refund(payment, None, "again").amount == 9900


def test_a_refund_made_at_stripe_is_absorbed_and_not_mailed(
    paid: Payment, ada: Browser, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    mailbox.empty()
    client().v1.refunds.create({"payment_intent": paid.stripe_id, "amount": 700})
    work(sandbox)
    assert db.session.scalars(select(Refund)).one().amount == 700
    assert mailbox.to("ada@example.com") == []


def test_an_invoices_payment_is_found_by_its_number(paid: Payment, ada: Browser, cleo: Browser) -> None:
    assert refunding.of_invoice(ada.organization, paid.reference).id == paid.id
    with pytest.raises(service.PaymentNotFound):
        refunding.of_invoice(cleo.organization, paid.reference)
