"""One fetch of an object answers all events of it that are here before it is fetched."""

import pytest

from app.core import clock, leases
from app.core.extensions import db
from app.core.transactions import commit
from app.webhooks import registry, service
from app.webhooks.models import EventState, InboxEvent
from tests.webhooks.inbox import Inbox


def test_events_claimed_in_other_batches_are_done_with_it(inbox: Inbox):
    for _ in range(5):
        inbox.receive("sub_1")
    elsewhere = leases.claim(InboxEvent, InboxEvent.due(), InboxEvent.id.asc(), "elsewhere", 2)
    service.handle_batch(1)
    assert inbox.seen == ["sub_1"]
    assert {event.state for event in inbox.events()} == {EventState.PROCESSED}
    with pytest.raises(leases.LeaseLost):
        leases.renew(InboxEvent, [event.id for event in elsewhere], "elsewhere")


def test_one_that_somebody_is_writing_is_left_to_them(inbox: Inbox):
    inbox.receive("sub_1")
    inbox.receive("sub_1")
    with db.engine.connect() as another:

        def write_the_second(subject: str) -> None:
            another.execute(db.text("SELECT id FROM inbox_events ORDER BY id DESC LIMIT 1 FOR UPDATE"))

        inbox.then = write_the_second
        service.handle_batch(1)
    assert [event.state for event in inbox.events()] == [EventState.PROCESSED, EventState.RECEIVED]


def test_one_that_failed_before_need_not_wait_for_its_turn(inbox: Inbox):
    inbox.receive("sub_1", attempts=3)
    inbox.receive("sub_1")
    service.handle_batch()
    assert [event.state for event in inbox.events()] == [EventState.PROCESSED] * 2


def test_one_that_comes_during_the_fetch_is_fetched_for(inbox: Inbox):
    inbox.receive("sub_1")
    inbox.then = lambda subject: inbox.receive(subject) if len(inbox.seen) == 1 else None
    service.handle_batch()
    assert [event.state for event in inbox.events()] == [EventState.PROCESSED, EventState.RECEIVED]
    service.handle_batch()
    assert inbox.seen == ["sub_1", "sub_1"]


def test_one_that_asks_for_more_is_handled_on_its_own(inbox: Inbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(registry.HANDLERS, "test.grew", (inbox.handler, lambda subject: inbox.seen.append("more")))
    inbox.receive("sub_1")
    inbox.receive("sub_1", type="test.grew")
    service.handle_batch(1)
    assert [event.state for event in inbox.events()] == [EventState.PROCESSED, EventState.RECEIVED]


def test_a_fetch_that_failed_leaves_the_others_as_they_were(inbox: Inbox):
    inbox.receive("sub_1")
    inbox.receive("sub_1", attempts=3)
    inbox.then = lambda subject: 1 / 0
    service.handle_batch(1)
    assert [event.attempts for event in inbox.events()] == [1, 3]


def test_processed_and_its_effect_are_one_transaction(inbox: Inbox):
    inbox.receive("sub_1")

    def change_and_be_replaced(subject: str) -> None:
        db.session.execute(db.update(InboxEvent).values(api_version="changed"))
        with db.engine.begin() as other:
            other.execute(db.text("DELETE FROM named_leases"))

    inbox.then = change_and_be_replaced
    service.handle_batch()
    (event,) = inbox.events()
    assert (event.state, event.api_version) == (EventState.RECEIVED, None)


def test_an_event_processed_again_keeps_its_first_time(inbox: Inbox):
    inbox.receive("sub_1")
    long_ago = clock.wall().replace(year=2020)
    db.session.execute(db.update(InboxEvent).values(processed_at=long_ago))
    commit()
    service.handle_batch()
    assert inbox.events()[0].processed_at == long_ago
