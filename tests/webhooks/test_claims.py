"""Claims on received events run out while a batch is worked through; nobody's events are handled on a lost one."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.core import clock
from app.core.extensions import db
from app.core.leases import LEASE
from app.core.transactions import apart, commit
from app.webhooks import registry, service
from app.webhooks.models import EventState, InboxEvent

Handler = Callable[[str], None]


@pytest.fixture
def inbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """`inbox(handler)`: two events of two objects, `a` and `b`, for a handler of the test's own."""

    def receive(handler: Handler) -> None:
        monkeypatch.setitem(registry.HANDLERS, "test.happened", (handler,))
        for name in ("a", "b"):
            event = InboxEvent(event_id=f"evt_{name}", type="test.happened", object_type="test", object_id=name)
            event.payload, event.created_at, event.received_at = {}, clock.wall(), clock.wall()
            db.session.add(event)
        commit()

    return receive


def states() -> dict[str, str]:
    db.session.expire_all()
    return {event.object_id: event.state for event in db.session.scalars(db.select(InboxEvent))}


def take_over(subject: str) -> None:
    with apart() as session:
        session.execute(db.update(InboxEvent).where(InboxEvent.object_id == subject).values(lease_owner="another"))


def test_each_object_gets_a_whole_lease_when_its_turn_comes(inbox: Callable[[Handler], None]):
    left = {}

    def slow(subject: str) -> None:
        with apart() as session:
            held_until = session.scalar(db.select(InboxEvent.lease_until).where(InboxEvent.object_id == subject))
            left[subject] = held_until - clock.wall()
            almost_over = clock.wall() + timedelta(seconds=1)
            session.execute(db.update(InboxEvent).where(InboxEvent.object_id == "b").values(lease_until=almost_over))

    inbox(slow)
    service.handle_batch()
    assert left["b"] > LEASE - timedelta(seconds=5)
    assert states() == {"a": EventState.PROCESSED, "b": EventState.PROCESSED}


def test_events_taken_over_meanwhile_are_not_handled(inbox: Callable[[Handler], None]):
    seen = []

    def slow(subject: str) -> None:
        seen.append(subject)
        take_over("b")

    inbox(slow)
    service.handle_batch()
    assert seen == ["a"]
    assert states() == {"a": EventState.PROCESSED, "b": EventState.RECEIVED}


def test_a_failure_on_a_lost_claim_leaves_the_others_their_turn(inbox: Callable[[Handler], None]):
    def frozen(subject: str) -> None:
        if subject == "a":
            take_over("a")
            raise ValueError("thawed too late")

    inbox(frozen)
    service.handle_batch()
    assert states() == {"a": EventState.RECEIVED, "b": EventState.PROCESSED}
