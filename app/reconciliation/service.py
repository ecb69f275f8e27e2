"""Differences: noted when they stand a second look, repaired by fetching the object, settled, or ignored by a person."""

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import select

from app.audit import service as audit
from app.core import clock, drift, leases, tasks
from app.core.drift import Drift
from app.core.errors import NotFound, PortalError
from app.core.extensions import db
from app.core.logs import log
from app.core.transactions import abandon
from app.gateway.errors import GatewayNotFound, GatewayUnavailable
from app.organizations.models import Organization
from app.webhooks import service as inbox
from app.webhooks import turns

from . import hearing
from .mirrors import MIRRORS
from .models import Difference, Round, State

Commit = Callable[[], None]
"""How the door that called ends a transaction: what was found is written before the object's lease is given back."""

LEASE_SECONDS = 120
"""Longer than Stripe's slowest answers to all that is asked under one lease."""
PASSING = (GatewayUnavailable, leases.Busy, leases.LeaseLost)


def get(public_id: str) -> Difference:
    """Raises NotFound."""
    found = select(Difference).where(Difference.public_id == public_id)
    difference = db.session.scalar(found) if public_id.isprintable() else None
    if difference is None:
        raise NotFound()
    return difference


def look_again(current: Round, object_type: str, stripe_id: str, commit: Commit) -> None:
    """Fetch one object that seemed to differ, and note what differs still; asks for its repair.

    Nothing while somebody works on it, or an event that speaks of it is not handled yet. Raises GatewayUnavailable.
    """
    try:
        with leases.hold(turns.name(stripe_id), LEASE_SECONDS) as lease:
            found = _find(object_type, stripe_id)
            if found is not None and hearing.is_under_way(stripe_id, _customer(found.organization_id)):
                return
            leases.assert_held(turns.name(stripe_id), lease)
            if found is None:
                _settle(object_type, stripe_id, State.GONE)
            else:
                _note(current, object_type, found)
            commit()
    except leases.Busy:
        log.info("object is busy, looking another time", object_type=object_type, stripe_id=stripe_id)


def repair(public_id: str, commit: Commit) -> Difference:
    """Fetch and absorb the object of an open difference, and look whether that helped; nothing for a settled one.

    Raises NotFound, GatewayUnavailable, Busy and LeaseLost, after which it may be said again.
    """
    difference = get(public_id)
    if not difference.is_open:
        return difference
    object_type, stripe_id, error = difference.object_type, difference.stripe_id, None
    try:
        inbox.sync(object_type, stripe_id)
    except PASSING:
        raise
    except PortalError as refusal:  # it stays for a person
        abandon()
        error = leases.reason(refusal)
    with leases.hold(turns.name(stripe_id), LEASE_SECONDS) as lease:
        found = _find(object_type, stripe_id)
        leases.assert_held(turns.name(stripe_id), lease)
        if found is None:
            _settle(object_type, stripe_id, State.REPAIRED)
        else:
            _stays(difference, error or "it still differs")
        commit()
    return difference


def _stays(difference: Difference, error: str) -> None:
    """For a person."""
    db.session.refresh(difference, with_for_update=True)
    difference.error = error
    log.error("difference not repaired", difference=difference.public_id, stripe_id=difference.stripe_id, error=error)


def ask_repair(public_ids: Collection[str]) -> int:
    """Have workers repair open differences; answers how many."""
    found = _locked(public_ids)
    for difference in found:
        _audit(difference, "repair_asked")
        _record_repair(difference, clock.wall().isoformat())
    return len(found)


def ignore(public_ids: Collection[str], reason: str) -> int:
    """Leave open differences as they are, for a `reason` that names no person; answers how many.

    The same difference is not noted again, another one of the same object is.
    """
    found = _locked(public_ids)
    for difference in found:
        difference.state, difference.reason, difference.settled_at = State.IGNORED, reason, clock.wall()
        _audit(difference, "ignored", reason=reason)
    db.session.flush()
    return len(found)


def _locked(public_ids: Collection[str]) -> Sequence[Difference]:
    chosen = select(Difference).where(Difference.public_id.in_(public_ids), Difference.state == State.OPEN)
    return db.session.scalars(chosen.order_by(Difference.id).with_for_update()).all()


def _record_repair(difference: Difference, occasion: str) -> None:
    """One repair for one occasion."""
    what = {"difference": difference.public_id}
    tasks.record("repair_difference", f"{difference.public_id}:{occasion}", what)


def _find(object_type: str, stripe_id: str) -> Drift | None:
    """What differs now: one fetch."""
    mirror = MIRRORS[object_type]
    try:
        record = mirror.retrieve(stripe_id)
    except GatewayNotFound:
        owner = db.session.scalar(select(mirror.owner).where(mirror.stripe_id == stripe_id))
        return None if owner is None else drift.missing_there(stripe_id, owner)
    return next(iter(mirror.compare([record])), None)


def _customer(organization_id: int) -> str:
    found = select(Organization.stripe_customer_id).where(Organization.id == organization_id)
    return db.session.scalar(found) or ""


def _note(current: Round, object_type: str, found: Drift) -> None:
    """Found again while it is open, it is the same row; one that was ignored as it stands is left alone."""
    same = (Difference.object_type == object_type) & (Difference.stripe_id == found.stripe_id)
    ignored = same & (Difference.state == State.IGNORED) & (Difference.kind == found.kind)
    if db.session.scalar(select(Difference.id).where(ignored, Difference.fields == found.fields)):
        return
    row = db.session.scalar(select(Difference).where(same, Difference.state == State.OPEN).with_for_update())
    if row is None:
        row = Difference(object_type=object_type, stripe_id=found.stripe_id, round_id=current.id)
        db.session.add(row)
    row.organization_id, row.kind, row.fields = found.organization_id, found.kind, found.fields
    row.is_serious, row.round_id, row.seen_at = found.is_serious, current.id, clock.wall()
    db.session.flush()
    _record_repair(row, current.public_id)


def _settle(object_type: str, stripe_id: str, state: State) -> None:
    same = (Difference.object_type == object_type) & (Difference.stripe_id == stripe_id)
    row = db.session.scalar(select(Difference).where(same, Difference.state == State.OPEN).with_for_update())
    if row is not None:
        row.state, row.settled_at, row.error = state, clock.wall(), None
        _audit(row, state)
        db.session.flush()


def _audit(difference: Difference, step: str, **data: str) -> None:
    """Names of fields, never what they say."""
    what = {"object_type": difference.object_type, "kind": difference.kind, "fields": sorted(difference.fields)}
    audit.write(f"difference.{step}", difference.public_id, data=what | data)
