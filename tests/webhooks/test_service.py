"""The inbox: each event handled once, whoever dies in between, and nothing lost that was acknowledged."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.core import clock, leases
from app.core.extensions import db
from app.core.transactions import commit
from app.subscriptions.models import Subscription
from app.webhooks import service
from app.webhooks.models import EventState, InboxEvent
from tests.cast import Browser
from tests.helpers import Sandbox, work

Subscribe = Callable[..., None]


def states() -> set[str]:
    db.session.expire_all()
    return set(db.session.scalars(db.select(InboxEvent.state)))


def waiting(object_id: str | None = None) -> int:
    found = db.select(InboxEvent).where(InboxEvent.state == EventState.RECEIVED)
    return len(db.session.scalars(found if object_id is None else found.where(InboxEvent.object_id == object_id)).all())


@pytest.fixture
def received(ada: Browser, subscribe: Subscribe, sandbox: Sandbox) -> str:
    """A subscription with events in the inbox that nobody has handled yet; its Stripe id."""
    subscribe(ada, "growth")
    sandbox.turn_clock("1 month")
    sandbox.turn_clock("2 hours")
    sandbox.settle()
    assert waiting() > 0
    return db.session.scalars(db.select(Subscription.stripe_id)).one()


def test_everything_received_is_handled(received: str, sandbox: Sandbox):
    work(sandbox)
    assert states() == {EventState.PROCESSED, EventState.IGNORED}


def test_a_worker_that_died_with_its_claim_is_replaced(received: str, sandbox: Sandbox):
    leases.claim(InboxEvent, InboxEvent.due(), InboxEvent.id.asc(), "dead", 1000)
    work(sandbox)
    assert waiting() > 0
    db.session.execute(db.update(InboxEvent).values(lease_until=clock.wall() - timedelta(seconds=1)))
    commit()
    work(sandbox)
    assert waiting() == 0


def test_an_object_somebody_is_at_waits_without_using_an_attempt(received: str, app: Flask):
    with leases.hold(f"object:{received}"):
        service.handle_batch(1000)
        rows = db.session.scalars(db.select(InboxEvent).where(InboxEvent.object_id == received)).all()
        open_rows = [row for row in rows if row.state == EventState.RECEIVED]
        assert open_rows
        assert {row.attempts for row in open_rows} == {0}


def test_what_cannot_be_handled_is_tried_again_later(received: str, app: Flask, sandbox: Sandbox):
    db.session.execute(db.update(InboxEvent).where(InboxEvent.object_id == received).values(object_id="sub_gone"))
    commit()
    service.handle_batch(1000)
    (row, *_) = db.session.scalars(
        db.select(InboxEvent).where(InboxEvent.object_id == "sub_gone", InboxEvent.state == EventState.RECEIVED)
    ).all()
    assert row.attempts == 1
    assert row.retry_at > clock.wall()
    assert "GatewayNotFound" in row.last_error


def test_after_ten_attempts_it_is_parked_and_kept(received: str, app: Flask):
    poison = db.update(InboxEvent).where(InboxEvent.object_id == received, InboxEvent.state == EventState.RECEIVED)
    db.session.execute(poison.values(object_id="sub_gone", attempts=9))
    commit()
    service.handle_batch(1000)
    parked = db.session.scalars(db.select(InboxEvent).where(InboxEvent.state == EventState.PARKED)).all()
    assert {row.object_id for row in parked} == {"sub_gone"}


def test_handling_everything_again_changes_nothing(received: str, sandbox: Sandbox, ada: Browser, mailbox):
    work(sandbox)
    before = [(s.status, s.version) for s in db.session.scalars(db.select(Subscription))]
    mails = len(mailbox.to(ada.user.email))
    db.session.execute(
        db.update(InboxEvent)
        .where(InboxEvent.state == EventState.PROCESSED)
        .values(state=EventState.RECEIVED, attempts=0)
    )
    commit()
    work(sandbox)
    assert [(s.status, s.version) for s in db.session.scalars(db.select(Subscription))] == before
    assert len(mailbox.to(ada.user.email)) == mails
