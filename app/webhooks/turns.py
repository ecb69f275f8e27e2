"""Objects take turns: one re-fetch for all events of an object that are here before it, under the object's lease."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby

from sqlalchemy import bindparam, func, select

from app.core import clock, leases
from app.core.extensions import db
from app.core.failpoints import failpoint
from app.core.logs import log
from app.core.transactions import abandon, apart, commit
from app.gateway.breaker import PAUSE_SECONDS, breaker
from app.gateway.errors import GatewayUnavailable

from .models import EventState, InboxEvent
from .registry import HANDLERS, Handler

BUSY = timedelta(seconds=1)
AWAY = timedelta(seconds=PAUSE_SECONDS)
FRESH = timedelta(seconds=5)
"""Claims and leases this young have enough left for the next turn."""
DONE = leases.finishing(
    InboxEvent,
    leases.any_of(InboxEvent.__table__.c.id, "waiting") & (InboxEvent.__table__.c.state == EventState.RECEIVED),
    state=EventState.PROCESSED,
    processed_at=func.coalesce(InboxEvent.__table__.c.processed_at, bindparam("wall")),
    last_error=None,
)


@dataclass
class Turn:
    """An object and the claimed events of it; `waiting` are the ids of others that are answered with them."""

    subject: str
    events: list[InboxEvent]
    waiting: set[int] = field(default_factory=set)

    @property
    def lease(self) -> str:
        return name(self.subject)

    @property
    def handlers(self) -> list[Handler]:
        """Each handler once, in the order of the table."""
        return list(dict.fromkeys(handler for event in self.events for handler in HANDLERS[event.type]))

    @property
    def event_ids(self) -> list[int]:
        return [event.id for event in self.events]


def name(subject: str) -> str:
    """What the lease of an object is called."""
    return f"object:{subject}"


def handle(events: Sequence[InboxEvent], owner: str) -> None:
    """Handle the events that `owner` has claimed. Those of an object that somebody else is at are left for a second later."""
    by_subject = groupby(sorted(events, key=lambda event: event.subject), key=lambda event: event.subject)
    turns = [Turn(subject, list(group)) for subject, group in by_subject]
    if not turns:
        return
    try:
        since = clock.wall()
        turns = _begin(turns, owner)
        while turns:
            if clock.wall() - since > FRESH:
                since = clock.wall()
                turns = _renew(turns, owner)
            if turns:
                _have(turns.pop(0), owner)
    finally:
        leases.give_back([name(event.subject) for event in events], owner)


def _begin(turns: list[Turn], owner: str) -> list[Turn]:
    """Take the leases; answers the turns that got theirs."""
    with apart() as session:
        held = leases.take([turn.lease for turn in turns], owner, session)
    free = [turn for turn in turns if turn.lease in held]
    _find_waiting(free)
    for turn in turns:
        if turn.lease not in held:
            let_go(turn.event_ids, owner, BUSY)
    return free


def _find_waiting(turns: list[Turn]) -> None:
    """Events of the objects that are here before these are fetched, and ask for no other handlers: claimed by others, or
    tried and waiting for their next turn. Nobody works on them while we hold the lease of the object.
    """
    by_subject = {turn.subject: turn for turn in turns}
    columns = (InboxEvent.object_id, InboxEvent.id, InboxEvent.type)
    received = InboxEvent.object_id.in_(by_subject) & (InboxEvent.state == EventState.RECEIVED)
    for object_id, event_id, type_ in db.session.execute(select(*columns).where(received)).all():
        turn = by_subject[str(object_id)]
        if type_ in HANDLERS and set(HANDLERS[type_]) <= set(turn.handlers) and event_id not in turn.event_ids:
            turn.waiting.add(event_id)


def _renew(turns: list[Turn], owner: str) -> list[Turn]:
    """Answers the turns that are still ours."""
    rows = leases.renewed(InboxEvent, [event_id for turn in turns for event_id in turn.event_ids], owner)
    held = leases.extended([turn.lease for turn in turns], owner)
    lost = [turn for turn in turns if turn.lease not in held or not rows.issuperset(turn.event_ids)]
    if lost:
        log.warning("lease lost, leaving the events to their new owner", events=len(lost))
        let_go([event_id for turn in lost for event_id in turn.event_ids], owner, BUSY)
    return [turn for turn in turns if turn not in lost]


def _have(turn: Turn, owner: str) -> None:
    """One re-fetch by each handler the claimed events name."""
    with while_ours(turn.event_ids, owner):
        try:
            absorb(turn.subject, turn.handlers, owner)
            _finish(turn, owner)
            failpoint("event_before_commit")
            commit()
        except leases.LeaseLost:
            raise
        except Exception as error:  # whatever a handler met: the event is kept and tried again
            abandon()
            _failed(turn, owner, error)


def absorb(subject: str, handlers: Collection[Handler], owner: str) -> None:
    """Each handler's effect in a transaction of its own, that of the last still open, to be finished under the lease.

    Raises LeaseLost.
    """
    for turn, handler in enumerate(handlers):
        if turn:
            leases.assert_held(name(subject), owner)
            commit()
        handler(subject)
        failpoint("handler_mid")


def _finish(turn: Turn, owner: str) -> None:
    """Whoever else has claimed one that waited finds its claim lost."""
    leases.finish_held(DONE, turn.event_ids, owner, turn.lease, waiting=list(turn.waiting))


def _failed(turn: Turn, owner: str, error: Exception) -> None:
    if isinstance(error, leases.Busy):
        let_go(turn.event_ids, owner, BUSY)  # a handler met somebody else's deed
        return
    log.exception("event not handled", events=[one.event_id for one in turn.events], error=type(error).__name__)
    if isinstance(error, GatewayUnavailable) and breaker.is_open:
        let_go(turn.event_ids, owner, AWAY)  # nobody is at Stripe, which is not the event's fault
        return
    wait = leases.back_off(max(event.attempts for event in turn.events))
    for event in turn.events:
        with while_ours([event.id], owner):
            _again(event, owner, wait, leases.reason(error))
            commit()


def _again(event: InboxEvent, owner: str, wait: timedelta, error: str) -> None:
    """Not done yet; parked when it has had its attempts. Raises LeaseLost."""
    parked = event.attempts >= leases.MAX_ATTEMPTS
    if parked:
        log.error("event parked", event_id=event.event_id, type=event.type, error=error)
    state = EventState.PARKED if parked else EventState.RECEIVED
    values = {"state": state, "retry_at": clock.wall() + wait, "last_error": error}
    leases.finish(InboxEvent, event.id, owner, **values)


def let_go(event_ids: Collection[int], owner: str, wait: timedelta) -> None:
    """For later, without an attempt: what kept us from the events was not their fault."""
    leases.let_go(InboxEvent, event_ids, owner, retry_at=clock.wall() + wait)


@contextmanager
def while_ours(event_ids: Collection[int], owner: str) -> Iterator[None]:
    """The block is undone when somebody took one of the events over; the others would be nobody's until the claim ends."""
    try:
        yield
    except leases.LeaseLost:
        abandon()
        log.warning("lease lost, leaving the events to their new owner", events=len(event_ids))
        let_go(event_ids, owner, BUSY)
