"""What becomes of events that are not simply handled: linked when their customer appears, sent round again, kept, emptied."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, func, select, union_all, update

from app.audit import service as audit
from app.core import clock, tasks
from app.core.config import Settings
from app.core.extensions import db
from app.core.logs import log
from app.organizations.models import Organization

from .models import EventState, InboxEvent
from .registry import HANDLERS

KEPT = timedelta(days=90)
"""How long an event's payload is kept: longer than Stripe itself tells about events, shorter than anybody asks."""
AT_ONCE = 1000
STUCK = (EventState.PARKED, EventState.UNMATCHED)
SETTLED = (*STUCK, EventState.PROCESSED, EventState.DISCARDED)
UPGRADE = timedelta(days=1)
PATIENCE = timedelta(hours=1)
"""How long an event may wait for its customer before somebody is told."""


@dataclass(frozen=True)
class Standing:
    """How many events wait, since when (machine time), and how many of them for a person or a customer."""

    waiting: int
    waiting_since: datetime | None
    parked: int
    unmatched: int
    unmatched_since: datetime | None


def standing() -> Standing:
    """The inbox in figures. One statement, of two halves with an index each, however many events are done with."""
    columns = (InboxEvent.state, func.count(), func.min(InboxEvent.received_at))
    halves = (InboxEvent.state == EventState.RECEIVED, InboxEvent.state.in_(STUCK))
    figures = union_all(*(select(*columns).where(half).group_by(InboxEvent.state) for half in halves))
    found = {row[0]: row[1:] for row in db.session.execute(figures)}
    waiting, since = found.get(EventState.RECEIVED, (0, None))
    unmatched, unmatched_since = found.get(EventState.UNMATCHED, (0, None))
    parked, _ = found.get(EventState.PARKED, (0, None))
    return Standing(waiting, since, parked, unmatched, unmatched_since)


def watch() -> None:
    """One line that somebody should be woken by, as long as events wait for a person."""
    now = standing()
    is_late = now.unmatched_since is not None and now.unmatched_since < clock.wall() - PATIENCE
    if now.parked or is_late:
        log.error("events wait for a person", parked=now.parked, unmatched=now.unmatched)


def link() -> int:
    """Send round the events whose customer somebody has by now; answers how many."""
    customers = select(Organization.stripe_customer_id).where(Organization.stripe_customer_id.is_not(None))
    return _send_round((InboxEvent.state == EventState.UNMATCHED) & InboxEvent.customer.in_(customers))


def reconsider() -> int:
    """Send round what an older version ignored today and this one handles; answers how many."""
    settings: Settings = current_app.extensions["settings"]
    is_ours = InboxEvent.payload["livemode"].as_boolean() == (settings.stripe_mode == "live")
    recent = (InboxEvent.state == EventState.IGNORED) & (InboxEvent.received_at > clock.wall() - UPGRADE)
    return _send_round(recent & InboxEvent.object_id.is_not(None) & InboxEvent.type.in_(list(HANDLERS)) & is_ours)


def retry(event_ids: Collection[str]) -> int:
    """Send parked, unmatched, discarded or processed events round again; answers how many. Again and again does no harm."""
    chosen = InboxEvent.event_id.in_(event_ids) & InboxEvent.state.in_(SETTLED)
    for event in _locked(event_ids, SETTLED):
        audit.write("event.retried", event.event_id, data={"type": event.type, "state": event.state})
    return _send_round(chosen)


def discard(event_ids: Collection[str], reason: str) -> int:
    """Give events up that wait for a person or for their customer; answers how many. `reason` names no person."""
    found = _locked(event_ids, STUCK)
    for event in found:
        audit.write(
            "event.discarded", event.event_id, data={"type": event.type, "state": event.state, "reason": reason}
        )
        event.state, event.retry_at = EventState.DISCARDED, None
    db.session.flush()
    return len(found)


def forget_payloads() -> int:
    """Empty what was said long ago; the row stays, to know a repeat by. Answers how many, at most AT_ONCE."""
    old = (InboxEvent.received_at < clock.wall() - KEPT) & (InboxEvent.payload != {})
    chosen = select(InboxEvent.id).where(old).limit(AT_ONCE).with_for_update(skip_locked=True).cte()
    emptied = update(InboxEvent).where(InboxEvent.id.in_(select(chosen.c.id))).values(payload={})
    return len(db.session.scalars(emptied.returning(InboxEvent.id).execution_options(synchronize_session=False)).all())


def _locked(event_ids: Collection[str], states: Collection[EventState]) -> Sequence[InboxEvent]:
    chosen = select(InboxEvent).where(InboxEvent.event_id.in_(event_ids), InboxEvent.state.in_(states))
    return db.session.scalars(chosen.order_by(InboxEvent.id).with_for_update()).all()


def _send_round(chosen: ColumnElement[bool]) -> int:
    again = {"state": EventState.RECEIVED, "attempts": 0, "retry_at": None, "last_error": None}
    statement = update(InboxEvent).where(chosen).values(**again).returning(InboxEvent.id)
    found = db.session.scalars(statement.execution_options(synchronize_session=False)).all()
    if found:
        tasks.ring_after_commit("webhooks")
    return len(found)
