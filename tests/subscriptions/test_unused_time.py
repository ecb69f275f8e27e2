"""What an end at once gives back came in before and was not given back yet, whichever invoice it was paid with."""

import secrets
from collections.abc import Callable

import pytest

from app.core.extensions import db
from app.core.money import Money
from app.core.tasks import Task, TaskState
from app.core.transactions import apart
from app.payments import refunding
from app.payments.models import Payment
from app.subscriptions import unused_time
from app.subscriptions.ending import AtOnce
from app.subscriptions.giving_back import Part
from tests.cast import Browser
from tests.helpers import Mailbox, Sandbox, work
from tests.subscriptions.changing import Nexus, change_to
from tests.subscriptions.leaving import (
    AT_ONCE,
    at_stripe,
    ends_at_stripe,
    fails_at_stripe,
    form,
    let_plans_end_at_once,
    presses,
    says_why,
    subscription_of,
)

Subscribe = Callable[..., None]


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe, sandbox: Sandbox) -> Browser:
    """To Growth for $99.00, ten days into the month."""
    subscribe(ada, "growth")
    sandbox.turn_clock("10 days")
    work(sandbox)
    return ada


@pytest.fixture
def upgraded(subscribed: Browser, nexus: Nexus, sandbox: Sandbox) -> Browser:
    change_to(subscribed, nexus("pro"))
    work(sandbox)
    return subscribed


def ends_now(browser: Browser, sandbox: Sandbox, way: str = "refund") -> tuple[int, int]:
    """Answers refund and credit as the button said, in cents."""
    let_plans_end_at_once(way)
    page = says_why(browser)
    assert presses(browser, page, AT_ONCE).status_code == 303
    work(sandbox)
    _, refund, credit, _ = map(int, form(page, AT_ONCE)["seen"].split(":"))
    return refund, credit


def came_back(sandbox: Sandbox) -> tuple[int, int]:
    """To the cards, and to the balance, in cents."""
    (customer,) = sandbox.objects("customers")
    return sum(refund["amount"] for refund in sandbox.objects("refunds")), -int(customer["balance"])


def paid(sandbox: Sandbox) -> int:
    return sum(charge["amount"] for charge in sandbox.objects("charges") if charge["paid"])


def refunds_by_staff(browser: Browser, sandbox: Sandbox, amount: int) -> None:
    payment = db.session.scalars(Payment.of(browser.organization)).one()
    refunding.refund(payment, Money(amount, "usd"), "requested_by_customer", secrets.token_urlsafe(16))
    db.session.commit()
    work(sandbox)


def test_after_an_upgrade_both_invoices_give_back_what_they_paid(upgraded: Browser, sandbox: Sandbox):
    promised = ends_now(upgraded, sandbox)
    assert came_back(sandbox) == promised
    assert promised[1] == 0
    assert 3000 < paid(sandbox) - promised[0] < 3600  # ten days of Growth


def test_as_credit_it_comes_back_whole_too(upgraded: Browser, sandbox: Sandbox):
    promised = ends_now(upgraded, sandbox, "credit")
    assert came_back(sandbox) == promised
    assert 3000 < paid(sandbox) - promised[1] < 3600


def test_an_upgrade_that_a_credit_paid_for_gives_the_credit_back(subscribed: Browser, nexus: Nexus, sandbox: Sandbox):
    at_stripe(
        sandbox,
        f"customers/{subscribed.organization.stripe_customer_id}/balance_transactions",
        amount="-20000",
        currency="usd",
    )
    change_to(subscribed, nexus("pro"))
    work(sandbox)
    _, had = came_back(sandbox)
    refund, credit = ends_now(subscribed, sandbox)
    assert came_back(sandbox) == (refund, had + credit)
    assert had + credit == 20000
    assert 3000 < paid(sandbox) - refund < 3600


@pytest.mark.parametrize("way", ["refund", "credit"])
@pytest.mark.parametrize("before", [5000, 9900])
def test_what_staff_gave_back_is_not_given_back_again(subscribed: Browser, sandbox: Sandbox, way: str, before: int):
    refunds_by_staff(subscribed, sandbox, before)
    promised = ends_now(subscribed, sandbox, way)
    assert sum(promised) == 9900 - before
    assert sum(came_back(sandbox)) == 9900


def test_a_change_that_left_a_credit_is_given_back_by_the_invoice_before_it(
    ada: Browser, subscribe: Subscribe, nexus: Nexus, sandbox: Sandbox
):
    """A cheaper plan begun at once, in the dashboard: the invoice of the change asks for nothing."""
    subscribe(ada, "pro")
    sandbox.turn_clock("10 days")
    work(sandbox)
    subscription = subscription_of(ada)
    change = {"items[0][id]": str(subscription.item), "items[0][price]": nexus("growth").stripe_price_id}
    change["proration_behavior"] = "always_invoice"
    at_stripe(sandbox, f"subscriptions/{subscription.stripe_id}", **change)
    work(sandbox)
    _, had = came_back(sandbox)
    refund, _ = ends_now(ada, sandbox)
    assert had > 13000
    assert 6000 < refund < 7000
    assert came_back(sandbox) == (refund, had)


def test_what_a_crash_left_undone_is_done_later_and_nothing_twice(upgraded: Browser, sandbox: Sandbox):
    fails_at_stripe(sandbox, path="/v1/credit_notes", skip=1)
    refund, _ = ends_now(upgraded, sandbox)
    assert 0 < came_back(sandbox)[0] < refund
    fails_at_stripe(sandbox)
    with apart() as session:
        session.query(Task).filter_by(kind="give_unused_back").update({"retry_at": None})
    work(sandbox)
    assert came_back(sandbox) == (refund, 0)


def test_what_an_invoice_cannot_give_back_any_more_goes_to_the_balance(
    subscribed: Browser, sandbox: Sandbox, mailbox: Mailbox
):
    subscription = subscription_of(subscribed)
    parts = (Part(str(subscription.latest_invoice), 12000, 0),)
    unused_time.promise(subscription, AtOnce(subscription.current_period_start, "usd", parts, 0))
    ends_at_stripe(sandbox, subscribed)
    mailbox.empty()
    work(sandbox)
    assert came_back(sandbox) == (0, 12000)
    assert "$120.00 were credited to you" in mailbox.subjects(subscribed.user.email)


def test_an_end_that_only_an_event_tells_of_keeps_the_promise(subscribed: Browser, sandbox: Sandbox):
    """As after a crash between Stripe's answer and our commit."""
    let_plans_end_at_once("refund")
    subscription = subscription_of(subscribed)
    part = Part(str(subscription.latest_invoice), 5000, 0)
    promised = AtOnce(subscription.current_period_start, "usd", (part,), 0)
    unused_time.promise(subscription, promised)
    ends_at_stripe(sandbox, subscribed)
    work(sandbox)
    assert came_back(sandbox) == (5000, 0)


def test_an_end_whose_answer_was_lost_keeps_the_promise_too(subscribed: Browser, sandbox: Sandbox):
    let_plans_end_at_once("refund")
    page = says_why(subscribed)
    fails_at_stripe(sandbox, when="after", method="DELETE", path="/v1/subscriptions")
    assert presses(subscribed, page, AT_ONCE).status_code == 503
    fails_at_stripe(sandbox)
    work(sandbox)
    assert subscription_of(subscribed).portal_state == "ended"
    assert came_back(sandbox)[0] == int(form(page, AT_ONCE)["seen"].split(":")[1])


def test_a_promise_for_an_end_that_never_came_is_void(subscribed: Browser, sandbox: Sandbox):
    subscription = subscription_of(subscribed)
    part = Part(str(subscription.latest_invoice), 5000, 0)
    unused_time.promise(subscription, AtOnce(subscription.current_period_start, "usd", (part,), 0))
    sandbox.turn_clock("2 days")
    ends_at_stripe(sandbox, subscribed)
    work(sandbox)
    assert came_back(sandbox) == (0, 0)


def test_kept_twice_by_two_workers_it_is_given_back_once(subscribed: Browser, sandbox: Sandbox):
    let_plans_end_at_once("refund")
    presses(subscribed, says_why(subscribed), AT_ONCE)
    work(sandbox)
    with apart() as session:
        session.query(Task).filter_by(kind="give_unused_back").update({"state": TaskState.PENDING})
    with apart() as session:
        session.query(unused_time.UnusedTime).update({"given_back_at": None})
    db.session.expire_all()
    work(sandbox)
    assert len(sandbox.objects("refunds")) == 1
