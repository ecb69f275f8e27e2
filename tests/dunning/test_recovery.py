"""A good card at any point, whoever brings it: the money comes once, and it is said once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from app.core import clock
from app.core.extensions import db
from app.core.tasks import Task
from app.dunning import retrying
from app.dunning.models import DunningCase
from app.gateway.client import client as stripe
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.dunning.conftest import charges, invoice_of, ledger, let_pass, state
from tests.helpers import Mailbox, Sandbox, work
from tests.invoices.owing import ASKS_ALWAYS, VISA, give_card

Renewal = Callable[..., DunningCase]
UseCard = Callable[[Browser, str], None]
ADA, GOOD, BAD = "ada@example.com", "4242424242424242", "4000000000000341"


@pytest.mark.parametrize("waited", ["1 hour", "73 hours", "150 hours", "9 days"])
def test_a_good_card_recovers_at_any_point_and_says_so_once(
    waited: str, ada: Browser, renewal: Renewal, use_card: UseCard, sandbox: Sandbox, mailbox: Mailbox
):
    case = renewal()
    let_pass(sandbox, waited)
    use_card(ada, GOOD)
    assert (state(case), invoice_of(case).status) == ("recovered", "paid")
    assert ("card", "paid") in ledger(case)
    assert not any(outcome == "planned" for _, outcome in ledger(case))
    for _ in range(3):
        let_pass(sandbox, "3 days")
    assert mailbox.subjects(ADA).count("Paid: Growth goes on") == 1
    assert charges(ada, sandbox).count(True) == 1


def test_another_bad_card_is_tried_once_and_the_plan_goes_on(
    ada: Browser, renewal: Renewal, use_card: UseCard, sandbox: Sandbox
):
    case = renewal()
    use_card(ada, BAD)
    assert ledger(case) == [("renewal", "failed"), ("card", "failed"), ("schedule", "planned"), ("schedule", "planned")]
    assert case.next_attempt_at == db.session.get_one(DunningCase, case.id).next_attempt_at
    let_pass(sandbox, "72 hours")
    assert charges(ada, sandbox) == [False, False, False]


def test_another_card_whose_bank_asks_is_told_with_the_link_once(
    ada: Browser, renewal: Renewal, sandbox: Sandbox, mailbox: Mailbox
):
    case = renewal()
    give_card(ada, ASKS_ALWAYS)
    for time in ("1 hour", "72 hours"):
        let_pass(sandbox, time)
    assert ledger(case)[:3] == [("renewal", "failed"), ("card", "failed"), ("schedule", "held")]
    assert mailbox.subjects(ADA).count("Please confirm your payment of $99.00") == 1


def test_a_card_chosen_on_our_page_is_part_of_the_ledger(
    ada: Browser, renewal: Renewal, sandbox: Sandbox, mailbox: Mailbox
):
    case = renewal()
    stripe().v1.payment_methods.attach(VISA, {"customer": str(ada.organization.stripe_customer_id)})
    work(sandbox)
    page = ada.get("/payment-methods").text
    good = page.split("Make default")[0].rsplit('action="', 1)[-1].split('"')[0]
    answer = ada.post(good, data={"token": "t" * 22, "due": "$99.00"})
    assert answer.status_code == 303
    work(sandbox)
    assert ("card", "paid") in ledger(case)
    assert state(case) == "recovered"


def test_paying_by_hand_counts_for_nothing_but_the_money(ada: Browser, renewal: Renewal, sandbox: Sandbox):
    case = renewal()
    pay = f"/invoices/{invoice_of(case).number}/payment"
    card = stripe().v1.subscriptions.list({}).data[0].default_payment_method
    answer = ada.post(pay, data={"token": "p" * 22, "amount": "9900", "card": str(card)})
    assert answer.status_code == 402
    work(sandbox)
    assert ledger(case)[1] == ("customer", "failed")
    assert state(case) == "open"
    let_pass(sandbox, "72 hours")
    assert state(case) == "open"


def test_a_customer_and_the_schedule_at_one_moment_charge_once(ada: Browser, renewal: Renewal, sandbox: Sandbox, app):
    case, token = renewal(), "p" * 22
    give_card(ada, VISA)
    sandbox.turn_clock("72 hours")
    clock.refresh()
    card = str(stripe().v1.subscriptions.list({}).data[0].default_payment_method)
    pay, form = f"/invoices/{invoice_of(case).number}/payment", {"token": token, "amount": "9900", "card": card}
    db.session.commit()
    with ThreadPoolExecutor(2) as pool:
        pressed = pool.submit(copy_context().run, lambda: ada.post(pay, data=form))
        planned = pool.submit(_in_a_worker, app, case.id)
        assert pressed.result().status_code in {303, 402}
        planned.result()
    work(sandbox)
    assert charges(ada, sandbox).count(True) == 1
    assert state(case) == "recovered"


def _in_a_worker(app, case_id: int) -> None:
    with app.app_context():
        retrying.as_planned(case_id, 1)
        db.session.commit()


def test_a_retry_whose_worker_died_after_the_charge_finds_it_done(ada: Browser, renewal: Renewal, sandbox: Sandbox):
    case = renewal()
    give_card(ada, VISA)
    sandbox.turn_clock("72 hours")
    clock.refresh()
    retrying.as_planned(case.id, 1)
    db.session.rollback()
    work(sandbox)
    assert charges(ada, sandbox).count(True) == 1
    assert state(case) == "recovered"


def test_a_voided_invoice_ends_the_case_without_a_word(renewal: Renewal, sandbox: Sandbox, mailbox: Mailbox):
    case = renewal()
    told = len(mailbox.to(ADA))
    stripe().v1.invoices.void_invoice(invoice_of(case).stripe_id)
    for time in ("1 hour", "7 days"):
        let_pass(sandbox, time)
    assert state(case) == "voided"
    assert len(mailbox.to(ADA)) == told


def test_an_invoice_written_off_by_somebody_else_ends_the_case(renewal: Renewal, sandbox: Sandbox):
    case = renewal()
    stripe().v1.invoices.mark_uncollectible(invoice_of(case).stripe_id)
    work(sandbox)
    assert state(case) == "written_off"


def test_a_subscription_that_was_canceled_is_not_collected_for(
    ada: Browser, renewal: Renewal, sandbox: Sandbox, mailbox: Mailbox
):
    case = renewal()
    stripe().v1.subscriptions.cancel(db.session.scalars(db.select(Subscription.stripe_id)).one())
    work(sandbox)
    assert state(case) == "ended"
    told = len(mailbox.to(ADA))
    for _ in range(3):
        let_pass(sandbox, "72 hours")
    assert charges(ada, sandbox) == [False]
    assert len(mailbox.to(ADA)) == told


def test_no_task_is_left_behind_in_trouble(ada: Browser, renewal: Renewal, use_card: UseCard, sandbox: Sandbox):
    renewal()
    use_card(ada, GOOD)
    let_pass(sandbox, "9 days")
    assert db.session.scalars(db.select(Task.kind).where(Task.last_error.is_not(None))).all() == []
