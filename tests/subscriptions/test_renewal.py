"""What time does to a subscription, and events in whatever order they come."""

from collections.abc import Callable
from itertools import permutations

import pytest

from app.audit.models import Entry
from app.core import clock
from app.core.extensions import db
from app.subscriptions import service
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.invoices.owing import ASKS_ALWAYS, give_card
from tests.statements import counted

Subscribe = Callable[..., None]


def subscription_of(browser: Browser) -> Subscription:
    return db.session.scalars(Subscription.of(browser.organization)).one()


def test_a_month_later_it_is_renewed(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    first_end = subscription_of(ada).current_period_end
    sandbox.turn_clock("1 month")
    sandbox.turn_clock("2 hours")
    work(sandbox)
    assert subscription_of(ada).current_period_start == first_end
    assert len(sandbox.objects("charges")) == 2


def test_the_timeline_says_when_it_was_renewed(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    for _ in range(2):
        sandbox.turn_clock("1 month")
        work(sandbox)
        sandbox.turn_clock("1 week")
    renewed = db.select(Entry.at).where(Entry.action == "subscription.renewed").order_by(Entry.id)
    (first, second) = db.session.scalars(renewed)
    assert second == subscription_of(ada).current_period_start
    assert 27 <= (second - first).days <= 31


def test_a_failed_renewal_is_past_due_and_then_restricted(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "starter", "4000000000000341")
    sandbox.turn_clock("15 days")
    work(sandbox)
    assert subscription_of(ada).portal_state == "past_due"
    said = ada.get("/").text
    assert "The last payment for Starter failed. $29.00 is due. The bank declined the card. Next attempt:" in said
    assert "The last payment failed and $29.00 is due." in said
    assert "You keep full access until" in said
    page = ada.post("/subscription/cancel", data={"feedback": "unused"})
    assert "stays open, but your card is not tried again." in page.text
    sandbox.turn_clock("8 days")
    clock.refresh()
    assert subscription_of(ada).portal_state == "restricted"
    assert "Access is restricted until it is paid." in ada.get("/").text


def test_a_failure_is_not_dated_before_its_period_by_a_clock_that_is_behind(
    ada: Browser, subscribe: Subscribe, sandbox: Sandbox
):
    subscribe(ada, "starter", "4000000000000341")
    sandbox.hold_events()
    sandbox.turn_clock("15 days")
    service.sync(subscription_of(ada).stripe_id)
    db.session.commit()
    failed = subscription_of(ada)
    assert (failed.status, failed.past_due_since) == ("past_due", failed.current_period_start)
    told = db.session.scalars(db.select(Entry.at).where(Entry.action == "subscription.past_due")).one()
    assert told == failed.past_due_since


def test_a_bank_that_asks_at_a_renewal_is_named(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "growth")
    give_card(ada, ASKS_ALWAYS)
    sandbox.turn_clock("1 month")
    sandbox.turn_clock("2 hours")
    work(sandbox)
    with counted() as statements:
        page = ada.get("/").text
    assert len(statements) <= 6
    assert "Your bank asks you to confirm the payment for Growth: $99.00." in page
    assert "payment for Growth failed" not in page
    assert "Your bank asks you to confirm a payment of $99.00. Your plan stays active until " in page


def test_a_trial_becomes_a_paid_plan(ada: Browser, subscribe: Subscribe, sandbox: Sandbox):
    subscribe(ada, "starter")
    sandbox.turn_clock("15 days")
    work(sandbox)
    assert subscription_of(ada).portal_state == "active"
    assert len(sandbox.objects("charges")) == 1


def test_absorbing_the_same_answer_twice_changes_nothing(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")
    version = subscription_of(ada).version
    service.sync(subscription_of(ada).stripe_id)
    db.session.commit()
    assert subscription_of(ada).version == version


def test_a_customer_nobody_knows_is_left_alone(ada: Browser, subscribe: Subscribe):
    subscribe(ada, "growth")
    stripe_id = subscription_of(ada).stripe_id
    ada.organization.stripe_customer_id = None
    db.session.commit()
    assert service.sync(stripe_id) is None


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_old_subscriptions_events_never_hide_the_new_one(
    ada: Browser, subscribe: Subscribe, sandbox: Sandbox, order: tuple[int, ...]
):
    subscribe(ada, "growth")
    ada.post("/subscription/cancellation", data={"token": "c" * 22, "feedback": "unused", "comment": ""})
    sandbox.hold_events()
    sandbox.turn_clock("5 weeks")
    subscribe_held(ada, subscribe, sandbox)
    ids = [subscription["id"] for subscription in sandbox.objects("subscriptions", status="all")]
    for stripe_id in (*(ids[n % len(ids)] for n in order), *ids):
        service.sync(stripe_id)
        db.session.commit()
    states = {s.stripe_id: str(s.portal_state) for s in db.session.scalars(Subscription.of(ada.organization))}
    assert sorted(states.values()) == ["active", "ended"]
    sandbox.hold_events(False)


def subscribe_held(ada: Browser, subscribe: Subscribe, sandbox: Sandbox) -> None:
    """Buy again while no event is delivered: only the portal's own calls have told it anything."""
    sandbox.hold_events(False)
    subscribe(ada, "pro")
    sandbox.hold_events()
