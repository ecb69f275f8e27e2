"""What Stripe has to say and nobody here has heard: events that were not delivered are fetched from its own list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Text, cast, func, or_, select

from app.core import clock
from app.core.extensions import db
from app.core.logs import log
from app.gateway import events
from app.gateway.events import EventRecord
from app.webhooks import service as inbox
from app.webhooks.models import EventState, InboxEvent
from app.webhooks.registry import HANDLERS

from .models import Round

STRIPE_REMEMBERS = timedelta(days=30)
ON_ITS_WAY = timedelta(minutes=10)
"""How long Stripe may take for a delivery before it counts as missed."""
OVERLAP = 2 * ON_ITS_WAY
SILENT = timedelta(hours=3)


@dataclass(frozen=True)
class Hearing:
    """When something was last heard (machine time), and how much was missed of what Stripe's last list had."""

    event_at: datetime | None
    listed_at: datetime | None
    missed: int

    @property
    def is_silent(self) -> bool:
        """Nobody has asked Stripe for too long, so that nobody knows whether something was missed."""
        return self.listed_at is not None and self.listed_at < clock.wall() - SILENT

    @property
    def is_deaf(self) -> bool:
        """Stripe had something to say, and its deliveries did not arrive."""
        return self.missed > 0


def hearing() -> Hearing:
    """A quiet shop is not deaf: what counts is whether Stripe's list had what the inbox had not."""
    event_at = db.session.scalar(select(InboxEvent.received_at).order_by(InboxEvent.id.desc()).limit(1))
    newest = select(Round.heard_at, Round.missed).where(Round.heard_at.is_not(None))
    listed_at, missed = db.session.execute(newest.order_by(Round.heard_at.desc()).limit(1)).first() or (None, 0)
    return Hearing(event_at, listed_at, missed)


def watch() -> None:
    """One line that somebody should be woken by, as long as Stripe's deliveries do not arrive."""
    now = hearing()
    if now.is_deaf or now.is_silent:
        log.error("Stripe is not heard", missed=now.missed, listed_at=now.listed_at and now.listed_at.isoformat())


def heard_since() -> datetime | None:
    """From when on the next list is to be read (business time): all before was read to its end. None before the first."""
    return db.session.scalar(select(func.max(Round.began_at)).where(Round.heard_at.is_not(None)))


def listen(current: Round, after: str | None) -> str | None:
    """Receive one page of what the inbox has not; answers where the next begins. Each event once, whoever else brings it.

    Newest first, so that an interrupted list goes on where it was.
    """
    oldest = clock.now() - STRIPE_REMEMBERS
    since = max(current.heard_since - OVERLAP, oldest) if current.heard_since else oldest
    page = events.page(after, since, undelivered=current.heard_since is None)
    unknown = _unknown(page.records)
    for event in unknown:
        inbox.receive(event)
    current.fetched += len(unknown)
    current.missed += sum(event.created_at < current.began_at - ON_ITS_WAY for event in unknown)
    if page.after is None:
        current.heard_at = clock.wall()
    return page.after


def is_under_way(stripe_id: str, customer: str) -> bool:
    """Whether an event that speaks of the object, or of its customer, is here or on its way and not handled yet."""
    payment = InboxEvent.payload["data"]["object"]["payment_intent"].as_string()
    about = or_(InboxEvent.object_id == stripe_id, InboxEvent.customer == customer, payment == cast(stripe_id, Text))
    waiting = select(InboxEvent.id).where(InboxEvent.state == EventState.RECEIVED, about).limit(1)
    if db.session.scalar(waiting) is not None:
        return True
    page = events.page(None, clock.now() - ON_ITS_WAY, undelivered=True)
    return any(_speaks_of(event, stripe_id, customer) for event in _unknown(page.records))


def _unknown(records: Sequence[EventRecord]) -> list[EventRecord]:
    """Those that are not in the inbox and would be handled."""
    ids = [event.event_id for event in records]
    known = set(db.session.scalars(select(InboxEvent.event_id).where(InboxEvent.event_id.in_(ids))))
    return [event for event in records if event.event_id not in known and event.type in HANDLERS]


def _speaks_of(event: EventRecord, stripe_id: str, customer: str) -> bool:
    payment = event.payload["data"]["object"].get("payment_intent")
    return stripe_id in (event.object_id, payment) or event.customer == customer
