"""Events that are not simply handled: of newer versions, sent round again, given up, emptied."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.audit.models import Entry
from app.core import clock
from app.core.extensions import db
from app.core.tasks import bell
from app.core.transactions import commit
from app.gateway import breaker as breakers
from app.gateway.breaker import breaker
from app.gateway.errors import GatewayUnavailable
from app.webhooks import keeping, service
from app.webhooks.models import EventState, InboxEvent
from tests.webhooks.inbox import TYPE, Inbox


def change(**values: object) -> None:
    db.session.execute(db.update(InboxEvent).values(**values))
    commit()


def audited() -> list[tuple[str, str]]:
    return [(entry.action, entry.subject) for entry in db.session.scalars(db.select(Entry))]


def test_a_type_this_version_does_not_know_goes_back_without_using_an_attempt(inbox: Inbox):
    inbox.receive("sub_1", type="from.the.future")
    service.handle_batch()
    (event,) = inbox.events()
    assert (event.state, event.attempts) == (EventState.RECEIVED, 0)
    assert event.retry_at > clock.wall()


def test_a_type_nobody_knows_is_parked_after_a_day(inbox: Inbox):
    inbox.receive("sub_1", type="from.the.past")
    change(received_at=clock.wall() - timedelta(days=2))
    service.handle_batch()
    assert inbox.states() == {"sub_1": EventState.PARKED}


def test_what_an_older_version_ignored_is_handled_by_a_newer_one(inbox: Inbox):
    inbox.receive("sub_1")
    inbox.receive("sub_2", type="nobody.asked")
    change(state=EventState.IGNORED)
    assert keeping.reconsider() == 1
    commit()
    assert inbox.states() == {"sub_1": EventState.RECEIVED, "sub_2": EventState.IGNORED}


def test_an_event_of_live_mode_stays_ignored(inbox: Inbox):
    inbox.receive("sub_1")
    change(state=EventState.IGNORED, payload={"livemode": True})
    assert keeping.reconsider() == 0


@pytest.mark.parametrize("state", keeping.SETTLED)
def test_an_event_can_be_sent_round_again(inbox: Inbox, state: EventState):
    name = inbox.receive("sub_1", attempts=10)
    change(state=state)
    assert keeping.retry([name]) == 1
    commit()
    service.handle_batch()
    assert inbox.states() == {"sub_1": EventState.PROCESSED}
    assert audited() == [("event.retried", name)]


def test_sent_round_twice_it_is_handled_once(inbox: Inbox):
    name = inbox.receive("sub_1")
    change(state=EventState.PARKED)
    assert [keeping.retry([name]), keeping.retry([name])] == [1, 0]


def test_a_parked_event_can_be_given_up_for_a_reason(inbox: Inbox):
    name = inbox.receive("sub_1")
    change(state=EventState.PARKED)
    assert [keeping.discard([name], "of a test account"), keeping.discard([name], "again")] == [1, 0]
    commit()
    assert inbox.states() == {"sub_1": EventState.DISCARDED}
    (entry,) = db.session.scalars(db.select(Entry))
    assert entry.data == {"type": TYPE, "state": "parked", "reason": "of a test account"}


def test_what_waits_to_be_handled_cannot_be_given_up(inbox: Inbox):
    assert keeping.discard([inbox.receive("sub_1")], "no") == 0


def test_a_payload_is_emptied_after_ninety_days(inbox: Inbox):
    inbox.receive("old")
    change(received_at=clock.wall() - timedelta(days=91))
    inbox.receive("new")
    assert [keeping.forget_payloads(), keeping.forget_payloads()] == [1, 0]
    assert [event.payload for event in inbox.events()] == [{}, {"livemode": False}]


def test_a_parked_event_is_told_in_one_line(inbox: Inbox, caplog: pytest.LogCaptureFixture):
    inbox.receive("sub_1", attempts=9)
    change(retry_at=None)
    inbox.then = lambda subject: 1 / 0
    service.handle_batch()
    assert keeping.standing().parked == 1
    assert [record for record in caplog.records if "event parked" in record.getMessage()]


@pytest.fixture
def nobody_at_stripe(inbox: Inbox) -> Iterator[None]:
    for _ in range(breakers.THRESHOLD):
        breaker.note(answered=False)
    yield
    breaker.reset()


@pytest.mark.usefixtures("nobody_at_stripe")
def test_while_stripe_is_away_events_wait_where_they_are(inbox: Inbox):
    inbox.receive("sub_1")
    assert service.handle_batch() == 0
    assert [(event.attempts, event.lease_owner) for event in inbox.events()] == [(0, None)]


def test_an_outage_in_the_middle_uses_no_attempt(inbox: Inbox):
    def nobody_there(subject: str) -> None:
        for _ in range(breakers.THRESHOLD):
            breaker.note(answered=False)
        raise GatewayUnavailable(unknown=True)

    inbox.receive("sub_1")
    inbox.then = nobody_there
    service.handle_batch()
    assert [(event.state, event.attempts) for event in inbox.events()] == [(EventState.RECEIVED, 0)]


def test_an_event_that_is_ignored_rings_no_bell(inbox: Inbox):
    assert bell.redis is not None
    service.receive(_event("nobody.asked"))
    commit()
    assert bell.redis.llen("rq:queue:webhooks") == 0
    service.receive(_event(TYPE))
    commit()
    assert bell.redis.llen("rq:queue:webhooks") == 1


def _event(type: str) -> service.EventRecord:
    return service.EventRecord(
        event_id=f"evt_{type}",
        type=type,
        api_version=None,
        livemode=False,
        created_at=clock.wall(),
        object_type="test",
        object_id="sub_1",
        customer=None,
        account=None,
        payload={},
    )
