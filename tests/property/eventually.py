"""What must be so once everything has been delivered and done: E1, E3, E5, E6."""

from typing import Any

from sqlalchemy import Table, select

from app.core import clock
from app.core.extensions import db
from app.core.leases import NamedLease
from app.core.tasks import Task, TaskState
from app.core.transactions import commit
from app.gateway import resolving
from app.gateway.intents import OPEN, IntentState, StripeIntent
from app.organizations.models import Organization
from app.webhooks import keeping
from app.webhooks.models import EventState, InboxEvent
from portal.services import messages
from tests.property import mirror
from tests.property.always import changes_something
from tests.property.world import QUEUES, World

MOVING = {
    "synced_at": "when Stripe was asked",
    "asked_at": "when Stripe was asked",
    "next_charge": "says when it was reckoned",
    "last_seen": "of a session",
}
NOT_COMPARED = {"inbox_events", "audit_entries", "named_leases", "user_sessions", "alembic_version"}
LOOKS_AGAIN = {"refresh_next_charge", "sync_object"}
"""Tasks that only ask Stripe how things are: asked again, they are new ones."""


def holds(world: World) -> None:
    nothing_is_left(world)
    for organization in db.session.scalars(select(Organization).where(Organization.stripe_customer_id.is_not(None))):
        mirror.is_like_stripe(world.sandbox, organization)
    everybody_is_known(world)
    all_again_changes_nothing(world)


def nothing_is_left(world: World) -> None:
    """E5: no event waits, nothing is parked or unknown, and nothing is claimed."""
    db.session.expire_all()
    # A customer whose making was not heard is nobody's until the organization tries again; its events wait for that.
    customers = select(Organization.stripe_customer_id).where(Organization.stripe_customer_id.is_not(None))
    waits = InboxEvent.state.in_((EventState.RECEIVED, EventState.PARKED))
    waits |= (InboxEvent.state == EventState.UNMATCHED) & InboxEvent.customer.in_(customers)
    left = select(InboxEvent.type, InboxEvent.state, InboxEvent.last_error).where(waits)
    assert [tuple(row) for row in db.session.execute(left)] == []
    parked = select(Task.kind, Task.last_error).where(Task.state == TaskState.PARKED)
    assert [tuple(row) for row in db.session.execute(parked)] == []
    claimed = select(Task.kind).where(Task.lease_owner.is_not(None), Task.queue.in_(QUEUES))
    assert list(db.session.scalars(claimed)) == []
    assert list(db.session.scalars(select(InboxEvent.event_id).where(InboxEvent.lease_owner.is_not(None)))) == []
    # A call of which Stripe has forgotten the key is a person's to look at; before that nothing stays unknown.
    is_due = (StripeIntent.state == IntentState.UNRESOLVED) & (StripeIntent.begun_at > clock.now() - resolving.KEY_LIFE)
    unknown = select(StripeIntent.key, StripeIntent.state).where(StripeIntent.state.in_(OPEN) | is_due)
    assert [tuple(row) for row in db.session.execute(unknown)] == []
    assert list(db.session.scalars(select(NamedLease.name))) == []


def everybody_is_known(world: World) -> None:
    """Nobody has two customers at Stripe; one whose making was not heard waits for its organization to try again."""
    made = [(one["metadata"]["organization"], one["id"]) for one in world.sandbox.objects("customers")]
    assert len(made) == len(dict(made)), made
    ours = select(Organization.public_id, Organization.stripe_customer_id)
    for organization, customer in db.session.execute(ours.where(Organization.stripe_customer_id.is_not(None))):
        assert dict(made)[organization] == customer


def all_again_changes_nothing(world: World) -> None:
    """E3: every event twice more, everything done again: the same rows, no mail, no call that changes anything."""
    before, mails, done = rows(), _mails(world), _changes(world)
    everything = world.events()
    world.deliver([*reversed(everything), *everything])
    with world.elsewhere():
        keeping.retry([event["id"] for event in everything])
        commit()
    world.lost = set()
    world.settle()
    assert rows() == before
    assert _mails(world) == mails
    assert _changes(world) == done


def rows() -> dict[str, list[dict[str, Any]]]:
    """All our tables, but for the instants at which Stripe was asked."""
    db.session.expire_all()
    found = {table.name: _of(table) for table in db.metadata.sorted_tables if table.name not in NOT_COMPARED}
    found["tasks"] = [task for task in found["tasks"] if task["kind"] not in LOOKS_AGAIN]
    db.session.rollback()
    return found


def _of(table: Table) -> list[dict[str, Any]]:
    columns = [column for column in table.columns if column.name not in MOVING]
    order = list(table.primary_key.columns)
    return [dict(row) for row in db.session.execute(select(*columns).order_by(*order)).mappings()]


def _mails(world: World) -> int:
    return sum(1 for _ in messages.newest_first(world.mailbox.directory))


def _changes(world: World) -> list[str]:
    return [visit["request_id"] for visit in world.visits() if changes_something(visit)]
