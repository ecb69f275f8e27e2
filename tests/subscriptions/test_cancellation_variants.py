"""Leaving past due, paused, free, unfinished, or with something planned: each is said before, and does just that."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.catalog.models import Price
from app.core import clock
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.subscriptions.changing import address, look, press
from tests.subscriptions.leaving import (
    CANCELLATION,
    REASON,
    at_stripe,
    attach,
    buttons,
    fails_at_stripe,
    form,
    pays_with,
    presses,
    says_why,
    subscription_of,
)

Subscribe = Callable[..., None]
Prices = Callable[..., Price]
LATER_DECLINED = "4000000000000341"


@pytest.fixture
def subscribed(ada: Browser, subscribe: Subscribe) -> Browser:
    subscribe(ada, "growth")
    return ada


@pytest.fixture
def past_due(ada: Browser, subscribe: Subscribe, sandbox: Sandbox) -> Browser:
    subscribe(ada, "growth")
    pays_with(sandbox, ada, LATER_DECLINED)
    sandbox.turn_clock("1 month")
    sandbox.turn_clock("2 hours")
    work(sandbox)
    return ada


def test_past_due_ends_now_and_says_what_becomes_of_the_debt(past_due: Browser, sandbox: Sandbox):
    page = says_why(past_due)
    assert "At once, and for good" in page.text
    assert "The last invoice of $99.00 stays open, but your card is not tried again." in page.text
    assert buttons(page) == ["Cancel now"]
    presses(past_due, page, CANCELLATION)
    assert subscription_of(past_due).portal_state == "ended"
    assert "Your subscription has ended" in past_due.get(CANCELLATION).text
    sandbox.turn_clock("1 month")
    work(sandbox)
    (debt,) = [invoice for invoice in sandbox.objects("invoices") if invoice["status"] != "paid"]
    assert (debt["status"], debt["amount_remaining"], debt["auto_advance"]) == ("open", 9900, False)


def test_a_payment_that_failed_in_between_is_said_before_it_ends_now(
    ada: Browser, subscribe: Subscribe, sandbox: Sandbox
):
    subscribe(ada, "growth")
    pays_with(sandbox, ada, LATER_DECLINED)
    page = says_why(ada)
    sandbox.turn_clock("1 month")
    sandbox.turn_clock("2 hours")
    sandbox.settle()
    answer = presses(ada, page, CANCELLATION)
    assert answer.status_code == 409
    assert buttons(answer) == ["Cancel now"]
    assert subscription_of(ada).portal_state == "past_due"


def test_on_the_free_plan_there_is_nothing_to_cancel(cleo: Browser):
    page = cleo.get(REASON)
    assert page.status_code == 200
    assert "You are on the free plan. Nothing is charged, so there is nothing to cancel." in page.text


def test_an_unfinished_payment_lapses_by_itself(ada: Browser, nexus: Prices):
    ada.post(f"/checkout/{nexus('growth').public_id}", data={"token": "t" * 22, "name": "Ada", "country": "GB"})
    assert "Your payment for Growth was not finished." in ada.get(REASON).text


def test_a_scheduled_change_is_dropped_and_the_page_says_so(subscribed: Browser, nexus: Prices, sandbox: Sandbox):
    schedule(subscribed, nexus("starter"), sandbox)
    page = says_why(subscribed)
    assert "The change to Starter on" in page.text
    presses(subscribed, page, CANCELLATION)
    subscription = subscription_of(subscribed)
    assert (subscription.portal_state, subscription.scheduled_price) == ("canceling", None)
    sandbox.turn_clock("2 months")
    work(sandbox)
    assert subscription_of(subscribed).portal_state == "ended"
    assert len(sandbox.objects("charges")) == 1


def schedule(browser: Browser, price: Price, sandbox: Sandbox) -> None:
    subscription = subscription_of(browser)
    made = at_stripe(sandbox, "subscription_schedules", from_subscription=subscription.stripe_id)
    now = made["phases"][0]
    phases = {
        "phases[0][start_date]": str(now["start_date"]),
        "phases[0][end_date]": str(now["end_date"]),
        "phases[0][items][0][price]": subscription.price.stripe_price_id,
        "phases[1][items][0][price]": price.stripe_price_id,
        "phases[1][duration][interval]": "month",
        "phases[1][duration][interval_count]": "1",
    }
    at_stripe(sandbox, f"subscription_schedules/{made['id']}", **phases)
    work(sandbox)


@pytest.fixture
def waiting(ada: Browser, subscribe: Subscribe, nexus: Prices, sandbox: Sandbox) -> Browser:
    """For an upgrade to be paid."""
    subscribe(ada, "growth")
    pays_with(sandbox, ada, LATER_DECLINED)
    subscription = subscription_of(ada)
    change = {
        "items[0][id]": str(subscription.item),
        "items[0][price]": nexus("pro").stripe_price_id,
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
    }
    at_stripe(sandbox, f"subscriptions/{subscription.stripe_id}", **change)
    work(sandbox)
    return ada


def test_an_upgrade_that_waits_for_its_payment_is_given_up(waiting: Browser, sandbox: Sandbox):
    page = says_why(waiting)
    assert "The change to Pro that waits for its payment is given up; its invoice becomes void." in page.text
    presses(waiting, page, CANCELLATION)
    work(sandbox)
    subscription = subscription_of(waiting)
    assert (subscription.portal_state, subscription.price.plan.key) == ("canceling", "growth")
    assert subscription.pending_price is None
    assert sorted(invoice["status"] for invoice in sandbox.objects("invoices")) == ["paid", "void"]


def test_an_upgrade_paid_in_another_tab_is_not_canceled_unseen(waiting: Browser, sandbox: Sandbox):
    page = says_why(waiting)
    card = attach(sandbox, waiting, "5555555555554444")
    at_stripe(sandbox, f"invoices/{subscription_of(waiting).latest_invoice}/pay", payment_method=card)
    answer = presses(waiting, page, CANCELLATION)
    assert answer.status_code == 409
    assert "Everything in Pro stays available." in answer.text
    subscription = subscription_of(waiting)
    assert (subscription.price.plan.key, subscription.portal_state) == ("pro", "active")
    assert len([charge for charge in sandbox.objects("charges") if charge["paid"]]) == 2


def test_canceling_and_upgrading_at_once_end_in_one_of_the_two_orders(
    subscribed: Browser, bob: Browser, nexus: Prices, sandbox: Sandbox
):
    pro, page = nexus("pro"), says_why(subscribed)
    sheet = form(look(bob, pro), address(pro).split("?")[0])
    with ThreadPoolExecutor(2) as pool:
        left = pool.submit(presses, subscribed, page, CANCELLATION)
        changed = pool.submit(press, bob, pro, sheet)
    work(sandbox)
    subscription = subscription_of(subscribed)
    came = (subscription.price.plan.key, subscription.portal_state, len(sandbox.objects("charges")))
    refused = [answer.result().status_code == 409 for answer in (left, changed)]
    assert (came, *refused) in [
        (("pro", "active", 2), True, False),  # another plan than the one whose end was shown
        (("growth", "canceling", 1), False, True),
        (("pro", "canceling", 2), False, False),  # the end stays, as the sheet of a change says
    ]
    assert len(sandbox.objects("subscriptions")) == 1


def test_a_planned_pause_is_taken_back_and_the_page_says_so(subscribed: Browser, sandbox: Sandbox):
    subscribed.post("/subscription/pause", data={"token": "p" * 22, "until": "open"})
    page = says_why(subscribed)
    assert "The pause from" in page.text
    presses(subscribed, page, CANCELLATION)
    subscription = subscription_of(subscribed)
    assert (subscription.portal_state, subscription.pauses_at) == ("canceling", None)


def test_in_the_hour_before_a_pause_it_still_ends_with_what_is_paid(subscribed: Browser, sandbox: Sandbox):
    subscribed.post("/subscription/pause", data={"token": "p" * 22, "until": "open"})
    left = subscription_of(subscribed).current_period_end - clock.now()
    sandbox.turn_clock(f"{int(left.total_seconds()) - 3000} seconds")
    work(sandbox)
    assert subscription_of(subscribed).status == "paused"
    presses(subscribed, says_why(subscribed), CANCELLATION)
    subscription = subscription_of(subscribed)
    assert (subscription.status, subscription.portal_state) == ("active", "canceling")


def test_when_only_half_of_that_happens_nothing_is_charged_and_pressing_again_does_the_rest(
    subscribed: Browser, sandbox: Sandbox
):
    subscribed.post("/subscription/pause", data={"token": "p" * 22, "until": "open"})
    left = subscription_of(subscribed).current_period_end - clock.now()
    sandbox.turn_clock(f"{int(left.total_seconds()) - 3000} seconds")
    work(sandbox)
    page = says_why(subscribed)
    fails_at_stripe(sandbox, operation="POST /v1/subscriptions/{subscription}/resume")
    assert presses(subscribed, page, CANCELLATION).status_code == 503
    fails_at_stripe(sandbox)
    work(sandbox)
    (theirs,) = sandbox.objects("subscriptions")
    assert (theirs["status"], theirs["cancel_at_period_end"]) == ("paused", True)
    assert presses(subscribed, page, CANCELLATION).status_code == 303
    subscription = subscription_of(subscribed)
    assert (subscription.status, subscription.portal_state) == ("active", "canceling")


def test_what_is_paused_ends_at_once(subscribed: Browser, sandbox: Sandbox):
    subscribed.post("/subscription/pause", data={"token": "p" * 22, "until": "open"})
    left = subscription_of(subscribed).current_period_end - clock.now()
    sandbox.turn_clock(f"{int(left.total_seconds()) - 3000} seconds")
    work(sandbox)
    sandbox.turn_clock("5 days")
    work(sandbox)
    page = says_why(subscribed)
    assert buttons(page) == ["Cancel now"]
    presses(subscribed, page, CANCELLATION)
    work(sandbox)
    assert subscription_of(subscribed).portal_state == "ended"
    assert len(sandbox.objects("charges")) == 1
