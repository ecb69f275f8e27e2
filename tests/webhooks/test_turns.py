"""One at a time at an object, and nothing from a worker who was replaced meanwhile."""

from app.core import leases
from app.core.extensions import db
from app.core.transactions import apart
from app.webhooks import service, turns
from app.webhooks.models import EventState, InboxEvent
from tests.webhooks.inbox import Inbox


def test_an_object_somebody_is_at_is_not_fetched(inbox: Inbox):
    inbox.receive("sub_1")
    with leases.hold(turns.name("sub_1")):
        service.handle_batch()
    assert inbox.seen == []


def test_the_effect_of_a_lost_claim_is_taken_back(inbox: Inbox):
    inbox.receive("sub_1")

    def change_and_be_replaced(subject: str) -> None:
        with apart() as session:
            session.execute(db.update(InboxEvent).values(lease_owner="another"))
        db.session.execute(db.update(InboxEvent).values(api_version="changed"))

    inbox.then = change_and_be_replaced
    service.handle_batch()
    (event,) = inbox.events()
    assert (event.state, event.lease_owner, event.api_version) == (EventState.RECEIVED, "another", None)


def take_over(number: int) -> None:
    """Another worker has the n-th event now."""
    with apart() as session:
        ids = session.scalars(db.select(InboxEvent.id).order_by(InboxEvent.id)).all()
        session.execute(db.update(InboxEvent).where(InboxEvent.id == ids[number]).values(lease_owner="another"))


def test_who_finds_an_object_busy_keeps_no_claim_though_one_was_taken_over(inbox: Inbox):
    inbox.receive("sub_1")
    inbox.receive("sub_1")
    mine = leases.claim(InboxEvent, InboxEvent.due(), InboxEvent.id.asc(), "me")
    take_over(0)
    with leases.hold(turns.name("sub_1")):
        turns.handle(mine, "me")
    assert [(event.lease_owner, event.attempts) for event in inbox.events()] == [("another", 1), (None, 0)]


def test_who_was_replaced_at_one_event_keeps_no_claim_on_the_others(inbox: Inbox):
    inbox.receive("sub_1")
    inbox.receive("sub_1")
    inbox.then = lambda subject: take_over(0)
    service.handle_batch()
    assert [(event.lease_owner, event.attempts) for event in inbox.events()] == [("another", 1), (None, 0)]


def test_a_failure_is_noted_at_the_events_that_are_still_ours(inbox: Inbox):
    inbox.receive("sub_1")
    inbox.receive("sub_1")

    def be_replaced_and_fail(subject: str) -> None:
        take_over(0)
        raise ValueError("broken")

    inbox.then = be_replaced_and_fail
    service.handle_batch()
    assert [(event.lease_owner, event.last_error) for event in inbox.events()] == [
        ("another", None),
        (None, "ValueError: broken"),
    ]
