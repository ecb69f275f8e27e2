"""An inbox whose events a handler of the test's own looks after."""

from collections.abc import Callable
from datetime import timedelta

from app.core import clock
from app.core.extensions import db
from app.core.transactions import commit
from app.webhooks.models import InboxEvent

TYPE = "test.happened"


class Inbox:
    """`seen` has the objects that were fetched, in order; `then` happens during each fetch."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.then: Callable[[str], object] = lambda subject: None

    def handler(self, subject: str) -> None:
        self.seen.append(subject)
        self.then(subject)

    def receive(self, object_id: str, *, customer: str | None = None, type: str = TYPE, attempts: int = 0) -> str:
        """One more event; answers its id."""
        number = db.session.scalar(db.select(db.func.count()).select_from(InboxEvent))
        event = InboxEvent(event_id=f"evt_{number}", type=type, object_type="test", object_id=object_id)
        event.customer, event.attempts, event.payload = customer, attempts, {"livemode": False}
        event.created_at = event.received_at = clock.wall()
        if attempts:
            event.retry_at = clock.wall() + timedelta(minutes=5)
        db.session.add(event)
        commit()
        return event.event_id

    def states(self) -> dict[str, str]:
        db.session.expire_all()
        return {str(event.object_id): event.state for event in self.events()}

    def events(self) -> list[InboxEvent]:
        db.session.expire_all()
        return list(db.session.scalars(db.select(InboxEvent).order_by(InboxEvent.id)))
