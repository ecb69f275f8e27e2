"""The inbox: receive an event once, handle each object's events together, once, whoever dies in between."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import groupby
from typing import Any

from flask import current_app
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, leases, tasks
from app.core.config import Settings
from app.core.extensions import db
from app.core.failpoints import failpoint
from app.core.logs import log
from app.core.transactions import abandon, commit
from app.gateway.breaker import PAUSE_SECONDS, breaker
from app.gateway.errors import GatewayUnavailable
from app.gateway.events import EventRecord
from app.organizations.models import Organization

from .models import EventState, InboxEvent
from .registry import HANDLERS, OBJECTS, Handler

BUSY = timedelta(seconds=1)
AWAY = timedelta(seconds=PAUSE_SECONDS)
NEWER_CODE = timedelta(seconds=30)
"""How long an event waits for a worker that knows its type."""
OBSOLETE = timedelta(days=1)
"""After which no such worker is to be expected any more."""
NO_HANDLER = "nobody handles this type"


def receive(event: EventRecord) -> None:
    """Write the event down; one we already have changes nothing. One INSERT, no call to Stripe.

    What nobody here handles, and a test event at a live portal or the other way round, is kept but ignored.
    """
    concerns_us = _concerns_us(event)
    values = {
        "event_id": event.event_id,
        "type": event.type,
        "api_version": event.api_version,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "customer": event.customer,
        "payload": event.payload,
        "created_at": event.created_at,
        "received_at": clock.wall(),
        "state": EventState.RECEIVED if concerns_us else EventState.IGNORED,
    }
    db.session.execute(insert(InboxEvent).values(**values).on_conflict_do_nothing())
    if concerns_us:
        tasks.ring_after_commit("webhooks")


def _concerns_us(event: EventRecord) -> bool:
    settings: Settings = current_app.extensions["settings"]
    if event.livemode != (settings.stripe_mode == "live"):
        log.warning("event of the other mode", event_id=event.event_id, livemode=event.livemode)
        return False
    return event.type in HANDLERS and event.object_id is not None


def handle_batch(limit: int = 20) -> int:
    """Claim up to `limit` received events and handle them; answers how many were claimed, none while Stripe is away."""
    if breaker.is_open:
        return 0
    owner = leases.new_owner()
    events = leases.claim(InboxEvent, InboxEvent.due(), InboxEvent.id.asc(), owner, limit)
    if events:
        failpoint("event_claimed")
    ours = _set_aside(events, owner)
    for subject, group in groupby(sorted(ours, key=lambda event: event.subject), key=lambda event: event.subject):
        _handle(subject, list(group), owner)
    return len(events)


def sync(object_type: str, stripe_id: str) -> None:
    """Fetch one object and absorb it, as if an event had spoken of it. Nothing for a type we keep nothing of.

    Raises Busy, LeaseLost, and what its handlers raise.
    """
    if object_type not in OBJECTS:
        return
    with leases.hold(f"object:{stripe_id}") as lease:
        _absorb(stripe_id, OBJECTS[object_type], lease)
        commit()


def _set_aside(events: list[InboxEvent], owner: str) -> list[InboxEvent]:
    """Settle what is not to be handled here and now without asking Stripe; answers the rest."""
    known = [event for event in events if event.type in HANDLERS]
    strangers = _strangers({event.customer for event in known if event.customer})
    with _while_ours(events):
        for event in events:
            if event.type not in HANDLERS:
                _leave_to_newer_code(event, owner)
        if unmatched := [event for event in known if event.customer in strangers]:
            log.warning("events of unknown customers", events=[event.event_id for event in unmatched])
            _finish(unmatched, owner, state=EventState.UNMATCHED, last_error=None)
        commit()
    return [event for event in known if event.customer not in strangers]


def _strangers(customers: Collection[str]) -> set[str]:
    """Those that no organization has, or not yet."""
    if not customers:
        return set()
    found = select(Organization.stripe_customer_id).where(Organization.stripe_customer_id.in_(customers))
    return set(customers) - set(db.session.scalars(found))


def _leave_to_newer_code(event: InboxEvent, owner: str) -> None:
    """A type that the table of another version has: its worker will do it, unless no such worker came for a day."""
    if event.received_at > clock.wall() - OBSOLETE:
        _try_again(event, owner, NEWER_CODE, counts=False)
        return
    log.error("event parked", event_id=event.event_id, type=event.type, error=NO_HANDLER)
    _finish([event], owner, state=EventState.PARKED, last_error=NO_HANDLER)


@contextmanager
def _while_ours(events: list[InboxEvent]) -> Iterator[None]:
    try:
        yield
    except leases.LeaseLost:
        abandon()
        log.warning("lease lost, leaving the events to their new owner", events=len(events))


def _handle(subject: str, events: list[InboxEvent], owner: str) -> None:
    with _while_ours(events):
        leases.renew(InboxEvent, [event.id for event in events], owner)
        _try(subject, events, owner)


def _try(subject: str, events: list[InboxEvent], owner: str) -> None:
    """One re-fetch by each handler the claimed events name, for them and for all that wait for the same.

    Raises LeaseLost, also when there is only a failure to note.
    """
    try:
        with leases.hold(f"object:{subject}", patience=0) as lease:
            handlers = _handlers(events)
            waiting = _waiting(subject, handlers) - {event.id for event in events}
            _absorb(subject, handlers, lease)
            _finish(events, owner, **_processed())
            if waiting:
                _finish_waiting(waiting)
            failpoint("event_before_commit")
            commit()
    except leases.Busy:
        # Someone else is at this object: not a failure, so the attempt does not count.
        abandon()
        _all_again(events, owner, BUSY, counts=False)
    except leases.LeaseLost:
        raise
    except Exception as error:  # whatever a handler met: the event is kept and tried again
        abandon()
        log.exception("event not handled", events=[event.event_id for event in events], error=type(error).__name__)
        if isinstance(error, GatewayUnavailable) and breaker.is_open:
            _all_again(events, owner, AWAY, counts=False)  # nobody is at Stripe, which is not the event's fault
        else:
            wait = leases.back_off(max(event.attempts for event in events))
            _all_again(events, owner, wait, error=leases.reason(error))


def _absorb(subject: str, handlers: Collection[Handler], lease: str) -> None:
    """Each handler's effect in a transaction of its own, that of the last still open. Raises LeaseLost."""
    for turn, handler in enumerate(handlers):
        if turn:
            commit()
        handler(subject)
        failpoint("handler_mid")
        leases.assert_held(f"object:{subject}", lease)


def _handlers(events: Iterable[InboxEvent]) -> list[Handler]:
    """Each handler once, in the order of the table."""
    return list(dict.fromkeys(handler for event in events for handler in HANDLERS.get(event.type, ())))


def _waiting(subject: str, handlers: list[Handler]) -> set[int]:
    """Events of the object that are here before it is fetched, and ask for no other handlers: claimed by others, or tried
    and waiting for their next turn. Nobody works on them while we hold the object's lease.
    """
    types = [name for name, wanted in HANDLERS.items() if set(wanted) <= set(handlers)]
    received = (InboxEvent.object_id == subject) & (InboxEvent.state == EventState.RECEIVED)
    return set(db.session.scalars(select(InboxEvent.id).where(received, InboxEvent.type.in_(types))))


def _finish_waiting(waiting: set[int]) -> None:
    """Whoever else has claimed them finds its claim lost."""
    still = (InboxEvent.id.in_(waiting)) & (InboxEvent.state == EventState.RECEIVED)
    done = update(InboxEvent).where(still).values(lease_owner=None, lease_until=None, **_processed())
    db.session.execute(done.execution_options(synchronize_session=False))


def _processed() -> dict[str, Any]:
    first = func.coalesce(InboxEvent.processed_at, clock.wall())
    return {"state": EventState.PROCESSED, "processed_at": first, "last_error": None}


def _all_again(
    events: list[InboxEvent], owner: str, wait: timedelta, *, counts: bool = True, error: str | None = None
) -> None:
    for event in events:
        _try_again(event, owner, wait, counts=counts, error=error)
    commit()


def _try_again(
    event: InboxEvent, owner: str, wait: timedelta, *, counts: bool = True, error: str | None = None
) -> None:
    """Not done yet; parked when it has had its attempts."""
    attempts = event.attempts if counts else event.attempts - 1
    parked = attempts >= leases.MAX_ATTEMPTS
    if parked:
        log.error("event parked", event_id=event.event_id, type=event.type, error=error)
    state = EventState.PARKED if parked else EventState.RECEIVED
    _finish([event], owner, state=state, retry_at=clock.wall() + wait, attempts=attempts, last_error=error)


def _finish(events: list[InboxEvent], owner: str, **values: object) -> None:
    leases.finish_all(InboxEvent, [event.id for event in events], owner, **values)
