"""What a round consists of. Each deed does a little, from where it is told to begin, and answers where to go on, or None."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, select, union
from sqlalchemy.dialects.postgresql import insert

from app.core.extensions import db
from app.webhooks.models import InboxEvent

from . import hearing, service
from .mirrors import MIRRORS
from .models import Difference, Round, Scope, Sighting, State
from .service import Commit

AT_ONCE = 20
"""Objects that are fetched one by one in a step, which must be done within a lease."""
SPOKEN_OF = timedelta(hours=3)
"""How long an event makes its object worth another look (machine time of its arrival)."""

Deed = Callable[[Round, str, str | None, Commit], str | None]


def _events(current: Round, _object_type: str, after: str | None, _commit: Commit) -> str | None:
    return hearing.listen(current, after)


def _list(current: Round, object_type: str, after: str | None, commit: Commit) -> str | None:
    """One page of Stripe's list."""
    mirror = MIRRORS[object_type]
    page = mirror.page(after, current.made_since)
    drifting = [found.stripe_id for found in mirror.compare(page.records)]
    _look_again(current, object_type, drifting, commit)
    current.compared += len(page.records)
    if current.scope == Scope.FULL and page.records:
        of = {"round_id": current.id, "object_type": object_type}
        seen = [{**of, "stripe_id": record.stripe_id} for record in page.records]
        db.session.execute(insert(Sighting).values(seen).on_conflict_do_nothing())
    return page.after


def _spoken_of(current: Round, object_type: str, after: str | None, commit: Commit) -> str | None:
    """Objects of ours that events spoke of lately."""
    mirror = MIRRORS[object_type]
    lately = InboxEvent.received_at > current.started_at - SPOKEN_OF
    about = [select(subject).where(lately, InboxEvent.object_type == kind) for kind, subject in mirror.subject.items()]
    return _one_by_one(current, object_type, mirror.stripe_id.in_(union(*about)), after, commit)


def _unseen(current: Round, object_type: str, after: str | None, commit: Commit) -> str | None:
    """Objects of ours that were on no page: made since, of a kind that is not listed, or not there."""
    stripe_id = MIRRORS[object_type].stripe_id
    mine = (Sighting.round_id == current.id) & (Sighting.object_type == object_type)
    was_seen = exists().where(mine, Sighting.stripe_id == stripe_id)
    return _one_by_one(current, object_type, ~was_seen, after, commit)


def _one_by_one(
    current: Round, object_type: str, chosen: ColumnElement[bool], after: str | None, commit: Commit
) -> str | None:
    stripe_id = MIRRORS[object_type].stripe_id
    rows = select(stripe_id).where(stripe_id > (after or ""), chosen).order_by(stripe_id).limit(AT_ONCE)
    found = list(db.session.scalars(rows))
    _look_again(current, object_type, found, commit)
    current.compared += len(found)
    return found[-1] if len(found) == AT_ONCE else None


def _open(current: Round, _object_type: str, after: str | None, commit: Commit) -> str | None:
    """What earlier rounds found: is it still so?"""
    chosen = (Difference.state == State.OPEN) & (Difference.round_id != current.id) & (Difference.id > int(after or 0))
    rows = list(db.session.scalars(select(Difference).where(chosen).order_by(Difference.id).limit(AT_ONCE)))
    for row in rows:
        service.look_again(current, row.object_type, row.stripe_id, commit)
    return str(rows[-1].id) if len(rows) == AT_ONCE else None


def _look_again(current: Round, object_type: str, stripe_ids: Iterable[str], commit: Commit) -> None:
    for stripe_id in stripe_ids:
        service.look_again(current, object_type, stripe_id, commit)


DEEDS: dict[str, Deed] = {
    "events": _events,
    "list": _list,
    "spoken_of": _spoken_of,
    "unseen": _unseen,
    "open": _open,
}
