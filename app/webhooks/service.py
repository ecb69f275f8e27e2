"""The inbox: receive an event once, handle each object's events together, once, whoever dies in between."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, leases, tasks
from app.core.config import Settings
from app.core.extensions import db
from app.core.failpoints import failpoint
from app.core.logs import log
from app.core.transactions import commit
from app.gateway.breaker import breaker
from app.gateway.events import EventRecord
from app.organizations.models import Organization

from . import turns
from .models import EventState, InboxEvent
from .registry import HANDLERS, OBJECTS

NEWER_CODE = timedelta(seconds=30)
"""How long an event waits for a worker that knows its type."""
OBSOLETE = timedelta(days=1)
"""After which no such worker is to be expected any more."""
NO_HANDLER = "nobody handles this type"


def receive(event: EventRecord) -> None:
    """Write the event down; one we already have changes nothing. One INSERT, no call to Stripe.

    What nobody here handles, a test event at a live portal or the other way round, and what happened to an account
    connected with ours is kept but ignored.
    """
    values = row(event)
    db.session.execute(insert(InboxEvent).values(**values).on_conflict_do_nothing())
    if values["state"] == EventState.RECEIVED:
        tasks.ring_after_commit("webhooks")


def row(event: EventRecord) -> dict[str, Any]:
    """The columns of a new event."""
    return {
        "event_id": event.event_id,
        "type": event.type,
        "api_version": event.api_version,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "customer": event.customer,
        "payload": event.payload,
        "created_at": event.created_at,
        "received_at": clock.wall(),
        "attempts": 0,
        "state": EventState.RECEIVED if _concerns_us(event) else EventState.IGNORED,
    }


def _concerns_us(event: EventRecord) -> bool:
    settings: Settings = current_app.extensions["settings"]
    if event.livemode != (settings.stripe_mode == "live"):
        log.warning("event of the other mode", event_id=event.event_id, livemode=event.livemode)
        return False
    if event.account is not None:
        log.warning("event of another account", event_id=event.event_id, account=event.account)
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
    turns.handle(_set_aside(events, owner), owner)
    return len(events)


def sync(object_type: str, stripe_id: str) -> None:
    """Fetch one object and absorb it, as if an event had spoken of it. Nothing for a type we keep nothing of.

    Raises Busy, LeaseLost, and what its handlers raise.
    """
    if object_type not in OBJECTS:
        return
    with leases.hold(turns.name(stripe_id)) as owner:
        turns.absorb(stripe_id, OBJECTS[object_type], owner)
        leases.assert_held(turns.name(stripe_id), owner)
        commit()


def _set_aside(events: list[InboxEvent], owner: str) -> list[InboxEvent]:
    """Settle what is not to be handled here and now without asking Stripe; answers the rest."""
    known = [event for event in events if event.type in HANDLERS]
    unknown = [event for event in events if event.type not in HANDLERS]
    strangers = _strangers({event.customer for event in known if event.customer})
    unmatched = [event for event in known if event.customer in strangers]
    with turns.while_ours([event.id for event in [*unknown, *unmatched]], owner):
        for event in unknown:
            _leave_to_newer_code(event, owner)
        if unmatched:
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
        turns.let_go([event.id], owner, NEWER_CODE)
        return
    log.error("event parked", event_id=event.event_id, type=event.type, error=NO_HANDLER)
    _finish([event], owner, state=EventState.PARKED, last_error=NO_HANDLER)


def _finish(events: list[InboxEvent], owner: str, **values: object) -> None:
    leases.finish_all(InboxEvent, [event.id for event in events], owner, **values)
