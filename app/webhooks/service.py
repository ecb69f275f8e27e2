"""The inbox: receive an event once, handle each object's events together, once, whoever dies in between."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby

from flask import current_app
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, leases, tasks
from app.core.config import Settings
from app.core.extensions import db
from app.core.logs import log
from app.core.transactions import abandon, commit
from app.gateway.events import EventRecord

from .models import EventState, InboxEvent
from .registry import HANDLERS, Handler

BUSY = timedelta(seconds=1)


def receive(event: EventRecord) -> None:
    """Write the event down; one we already have changes nothing. One INSERT, no call to Stripe.

    What nobody here handles, and a test event at a live portal or the other way round, is kept but ignored.
    """
    values = {
        "event_id": event.event_id,
        "type": event.type,
        "api_version": event.api_version,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "payload": event.payload,
        "created_at": event.created_at,
        "received_at": clock.wall(),
        "state": EventState.RECEIVED if _concerns_us(event) else EventState.IGNORED,
    }
    db.session.execute(insert(InboxEvent).values(**values).on_conflict_do_nothing())
    tasks.ring_after_commit("webhooks")


def _concerns_us(event: EventRecord) -> bool:
    settings: Settings = current_app.extensions["settings"]
    if event.livemode != (settings.stripe_mode == "live"):
        log.warning("event of the other mode", event_id=event.event_id, livemode=event.livemode)
        return False
    return event.type in HANDLERS and event.object_id is not None


def handle_batch(limit: int = 20) -> int:
    """Claim up to `limit` received events and handle them; answers how many were claimed."""
    owner = leases.new_owner()
    events = leases.claim(InboxEvent, InboxEvent.due(), InboxEvent.id.asc(), owner, limit)
    for subject, group in groupby(sorted(events, key=lambda event: event.subject), key=lambda event: event.subject):
        _handle(subject, list(group), owner)
    return len(events)


def _handle(subject: str, events: list[InboxEvent], owner: str) -> None:
    try:
        leases.renew(InboxEvent, [event.id for event in events], owner)
        _try(subject, events, owner)
    except leases.LeaseLost:
        abandon()
        log.warning("lease lost, leaving the events to their new owner", events=len(events))


def _try(subject: str, events: list[InboxEvent], owner: str) -> None:
    """All claimed events of one object: one re-fetch by each handler they name, then all are processed.

    Raises LeaseLost, also when there is only a failure to note.
    """
    try:
        with leases.hold(f"object:{subject}", patience=0) as lease:
            for handler in _handlers(events):
                handler(subject)
                leases.assert_held(f"object:{subject}", lease)
                commit()
            _finish(events, owner, state=EventState.PROCESSED, processed_at=clock.wall(), last_error=None)
            commit()
    except leases.Busy:
        # Someone else is at this object: not a failure, so the attempt does not count.
        abandon()
        _give_back(events, owner, BUSY, counts=False)
    except leases.LeaseLost:
        raise
    except Exception as error:  # whatever a handler met: the event is kept and tried again
        abandon()
        log.exception("event not handled", events=[event.event_id for event in events], error=type(error).__name__)
        wait = leases.back_off(max(event.attempts for event in events))
        _give_back(events, owner, wait, error=leases.reason(error))


def _handlers(events: Iterable[InboxEvent]) -> list[Handler]:
    """Each handler once, in the order of the table."""
    return list(dict.fromkeys(handler for event in events for handler in HANDLERS.get(event.type, ())))


def _give_back(
    events: list[InboxEvent], owner: str, wait: timedelta, *, counts: bool = True, error: str | None = None
) -> None:
    for event in events:
        attempts = event.attempts if counts else event.attempts - 1
        parked = attempts >= leases.MAX_ATTEMPTS
        if parked:
            log.error("event parked", event_id=event.event_id, type=event.type)
        state = EventState.PARKED if parked else EventState.RECEIVED
        values = {"state": state, "retry_at": clock.wall() + wait, "attempts": attempts, "last_error": error}
        _finish([event], owner, **values)
    commit()


def _finish(events: list[InboxEvent], owner: str, **values: object) -> None:
    for event in events:
        leases.finish(InboxEvent, event.id, owner, **values)
