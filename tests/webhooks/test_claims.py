"""Claims on received events run out while a batch is worked through; nobody's events are handled on a lost one."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.core import clock
from app.core.extensions import db
from app.core.leases import LEASE, NamedLease
from app.core.transactions import apart, commit
from app.webhooks import registry, service, turns
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


@pytest.fixture
def batch_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "FRESH", timedelta(seconds=-1))


@pytest.mark.usefixtures("batch_takes_long")
def test_each_object_gets_a_whole_lease_when_its_turn_comes_late(inbox: Callable[[Handler], None]):
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


@pytest.mark.usefixtures("batch_takes_long")
def test_events_taken_over_meanwhile_are_not_even_fetched_for(inbox: Callable[[Handler], None]):
    seen = []

    def slow(subject: str) -> None:
        seen.append(subject)
        take_over("b")

    inbox(slow)
    service.handle_batch()
    assert seen == ["a"]
    assert states() == {"a": EventState.PROCESSED, "b": EventState.RECEIVED}


@pytest.mark.usefixtures("batch_takes_long")
def test_an_object_taken_over_meanwhile_is_not_even_fetched(inbox: Callable[[Handler], None]):
    seen = []

    def slow(subject: str) -> None:
        seen.append(subject)
        with apart() as session:
            session.execute(db.update(NamedLease).where(NamedLease.name == turns.name("b")).values(owner="another"))

    inbox(slow)
    service.handle_batch()
    assert seen == ["a"]


@pytest.mark.parametrize("taken", [InboxEvent, NamedLease])
def test_what_was_done_on_a_lost_claim_is_undone(
    inbox: Callable[[Handler], None], taken: type[InboxEvent] | type[NamedLease]
):
    owner = taken.lease_owner if taken is InboxEvent else taken.owner

    def replaced(subject: str) -> None:
        db.session.execute(db.update(InboxEvent).where(InboxEvent.object_id == subject).values(api_version="changed"))
        with apart() as session:
            session.execute(db.update(taken).values({owner: "another"}))

    inbox(replaced)
    service.handle_batch()
    assert states() == {"a": EventState.RECEIVED, "b": EventState.RECEIVED}
    assert set(db.session.scalars(db.select(InboxEvent.api_version))) == {None}


def test_an_object_is_free_as_soon_as_its_events_are_done(inbox: Callable[[Handler], None]):
    held = []

    def look(subject: str) -> None:
        with apart() as session:
            held.append(list(session.scalars(db.select(NamedLease.name).order_by(NamedLease.name))))

    inbox(look)
    service.handle_batch()
    assert held == [["object:a", "object:b"], ["object:b"]]
    assert db.session.scalars(db.select(NamedLease)).all() == []


def test_an_object_that_fails_is_free_afterwards_too(inbox: Callable[[Handler], None]):
    inbox(lambda subject: 1 / 0)
    service.handle_batch()
    assert db.session.scalars(db.select(NamedLease)).all() == []


def test_a_failure_on_a_lost_claim_leaves_the_others_their_turn(inbox: Callable[[Handler], None]):
    def frozen(subject: str) -> None:
        if subject == "a":
            take_over("a")
            raise ValueError("thawed too late")

    inbox(frozen)
    service.handle_batch()
    assert states() == {"a": EventState.RECEIVED, "b": EventState.PROCESSED}
