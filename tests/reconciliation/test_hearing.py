"""Events that did not arrive are fetched from Stripe's list, and those under way raise no alarm."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from app.core.extensions import db
from app.core.transactions import commit
from app.gateway.client import client
from app.reconciliation import hearing, rounds
from app.reconciliation.models import Scope, State
from app.reconciliation.rounds import Step
from app.subscriptions.models import Subscription
from app.webhooks.models import EventState, InboxEvent
from tests.cast import Browser
from tests.gateway.faults import falter
from tests.helpers import Mailbox, Sandbox, work
from tests.reconciliation.comparing import begin, change, differences, everything, reconcile
from tests.reconciliation.test_rounds import writes


@pytest.fixture
def unreachable(sandbox: Sandbox) -> Iterator[Callable[[], None]]:
    """From the call on nothing that Stripe sends arrives, nor will it ever."""

    def drop() -> None:
        falter(sandbox, {"webhook": "drop", "types": ["*"], "count": None})

    yield drop
    falter(sandbox)


def events() -> list[InboxEvent]:
    db.session.expire_all()
    return list(db.session.scalars(db.select(InboxEvent).order_by(InboxEvent.id)))


def test_a_gap_of_80_hours_is_filled_once(
    paying: Browser, unreachable: Callable[[], None], sandbox: Sandbox, mailbox: Mailbox
):
    reconcile(Scope.RECENT)
    sandbox.turn_clock("29 days")
    work(sandbox)
    unreachable()
    sandbox.turn_clock("80 hours")  # in which a month is paid for
    assert len(everything()["invoices"]) == 1
    result = reconcile(Scope.RECENT)
    assert len(everything()["invoices"]) == 2
    assert result.fetched == result.missed > 0
    assert {event.state for event in events()} <= {EventState.PROCESSED, EventState.IGNORED}
    before, mails, written = everything(), mailbox.subjects("ada@example.com"), writes(sandbox)
    falter(sandbox)
    sandbox._post("replay", {"since": 0, "order": "shuffle", "seed": 3})
    work(sandbox)
    again = reconcile(Scope.RECENT)
    assert (again.fetched, again.missed, again.found) == (0, 0, 0)
    assert (everything(), mailbox.subjects("ada@example.com"), writes(sandbox)) == (before, mails, written)
    assert differences() == []


def test_what_happened_before_stripe_can_remember_is_found_by_comparing(
    paying: Browser, unreachable: Callable[[], None], sandbox: Sandbox
):
    customer = str(paying.organization.stripe_customer_id)
    unreachable()
    client().v1.customers.update(customer, {"address": {"city": "London", "country": "GB"}})
    [subscription] = sandbox.objects("subscriptions", customer=customer)
    client().v1.subscriptions.update(subscription["id"], {"cancel_at_period_end": True})
    sandbox.turn_clock("62 days")
    assert reconcile().found == 2  # the customer and the plan
    assert {each.state for each in differences()} == {State.REPAIRED}
    assert paying.organization.city == "London"
    assert db.session.scalars(db.select(Subscription.status)).one() == "canceled"
    assert reconcile().found == 0


def test_the_first_round_fetches_only_what_was_not_delivered(
    paying: Browser, unreachable: Callable[[], None], sandbox: Sandbox
):
    db.session.execute(db.text("DELETE FROM inbox_events"))
    commit()
    unreachable()
    client().v1.customers.update(str(paying.organization.stripe_customer_id), {"address": {"city": "London"}})
    assert reconcile(Scope.RECENT).fetched == 1
    assert paying.organization.city == "London"


def test_more_than_a_page_of_events_is_fetched_and_an_interruption_loses_none(
    paying: Browser, unreachable: Callable[[], None], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    reconcile(Scope.RECENT)
    known = len(events())
    unreachable()
    for number in range(5):
        client().v1.customers.update(str(paying.organization.stripe_customer_id), {"name": f"Name {number}"})
    monkeypatch.setattr("app.gateway.listing.MOST", 2)
    step = begin(Scope.RECENT)
    commit()
    following = rounds.take(step, commit)
    commit()
    assert following is not None
    assert following.part == "events"
    assert len(events()) == known + 2
    rounds.record(following)
    commit()
    work()
    assert len(events()) == known + 5
    assert paying.organization.billing_name == "Name 4"


def take(step: Step | None, part: str) -> Step | None:
    """Go on with the round up to the end of a part."""
    seen = False
    while step is not None and (step.part == part or not seen):
        seen = seen or step.part == part
        step = rounds.take(step, commit)
        commit()
    return step


def test_an_event_on_its_way_is_no_alarm(paying: Browser, sandbox: Sandbox):
    reconcile()
    step = begin()
    commit()
    step = take(step, "events")
    sandbox.hold_events()
    client().v1.customers.update(str(paying.organization.stripe_customer_id), {"address": {"city": "London"}})
    step = take(step, "list:customer")
    assert differences() == []
    sandbox.hold_events(False)
    sandbox.settle()
    take(step, "unseen:customer")  # received, and not yet handled
    assert differences() == []
    work(sandbox)
    assert paying.organization.city == "London"
    assert reconcile().found == 0
    assert differences() == []


def test_an_old_event_that_is_lost_is_one(paying: Browser, unreachable: Callable[[], None], sandbox: Sandbox):
    change("organizations", "city = 'Nowhere'")
    unreachable()
    step = begin()
    commit()
    step = take(step, "events")
    take(step, "list:customer")
    assert [each.stripe_id for each in differences()] == [paying.organization.stripe_customer_id]


def test_somebody_is_told_when_stripe_is_not_heard(
    paying: Browser, unreachable: Callable[[], None], sandbox: Sandbox, caplog: pytest.LogCaptureFixture
):
    reconcile(Scope.RECENT)
    hearing.watch()
    assert caplog.text == ""
    unreachable()
    client().v1.customers.update(str(paying.organization.stripe_customer_id), {"address": {"city": "London"}})
    sandbox.turn_clock("11 minutes")
    reconcile(Scope.RECENT)
    hearing.watch()
    assert "Stripe is not heard" in caplog.text
    assert hearing.hearing().missed == 1


def test_a_quiet_shop_is_not_deaf(paying: Browser, sandbox: Sandbox, caplog: pytest.LogCaptureFixture):
    reconcile(Scope.RECENT)
    change("inbox_events", "received_at = received_at - interval '5 days'")
    reconcile(Scope.RECENT)
    hearing.watch()
    assert caplog.text == ""


def test_somebody_is_told_when_nobody_asked_for_hours(paying: Browser, caplog: pytest.LogCaptureFixture):
    reconcile(Scope.RECENT)
    change("reconciliation_rounds", "heard_at = heard_at - interval '4 hours'")
    hearing.watch()
    assert "Stripe is not heard" in caplog.text


def test_a_round_by_hand_goes_back_as_far_as_it_is_told(
    paying: Browser, unreachable: Callable[[], None], sandbox: Sandbox
):
    unreachable()
    client().v1.customers.update(str(paying.organization.stripe_customer_id), {"address": {"city": "London"}})
    sandbox.turn_clock("79 hours")
    falter(sandbox)
    reconcile(Scope.FULL)
    db.session.execute(db.text("DELETE FROM inbox_events"))
    commit()
    assert reconcile(Scope.RECENT).fetched == 0
    assert reconcile(Scope.RECENT, timedelta(hours=80)).fetched > 0


def test_a_short_look_back_leaves_no_gap(paying: Browser, unreachable: Callable[[], None], sandbox: Sandbox):
    reconcile(Scope.RECENT)
    unreachable()
    client().v1.customers.update(str(paying.organization.stripe_customer_id), {"address": {"city": "London"}})
    sandbox.turn_clock("2 days")
    reconcile(Scope.RECENT, timedelta(hours=1))
    assert paying.organization.city == "London"
