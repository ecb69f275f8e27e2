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
