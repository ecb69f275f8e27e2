"""A round of comparison, step by step: one page of Stripe's at a time, so that it goes on after any interruption."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.audit import service as audit
from app.core import clock, ids, tasks
from app.core.extensions import db
from app.core.tasks import Task, TaskState

from . import hearing, parts
from .mirrors import MIRRORS
from .models import Difference, Round, Scope, Sighting
from .service import Commit

RECENT = timedelta(days=1)
NIGHT = 3  # o'clock, UTC


@dataclass(frozen=True)
class Step:
    """`part` and where in it to go on, both as `take` said them."""

    round_id: int
    part: str
    after: str | None = None

    @property
    def key(self) -> str:
        """Names this step and no other."""
        return f"{self.round_id}:{self.part}:{self.after or ''}"


def plan() -> None:
    """Record the rounds that are due: one per hour, one per night. Safe in two processes, and after any silence one of each."""
    wall = clock.wall()
    _plan(Scope.RECENT, f"recent:{wall:%Y-%m-%dT%H}")
    if wall.hour >= NIGHT:
        _plan(Scope.FULL, f"full:{wall:%Y-%m-%d}")


def ask(name: str) -> int:
    """Have a worker compare what is recent now; answers 1. The same `name` asks once."""
    tasks.record("begin_reconciliation", f"asked:{name}", {"scope": Scope.RECENT})
    audit.write("reconciliation.asked", Scope.RECENT)
    return 1


def _plan(scope: Scope, key: str) -> None:
    if not _is_under_way(scope):
        tasks.record("begin_reconciliation", key, {"scope": scope})


def _is_under_way(scope: Scope) -> bool:
    """Whether a worker will begin such a round, or go on with it: each step is a task until the next one is."""
    rounds = select(Round.id).where(Round.scope == scope, Round.finished_at.is_(None))
    begins = (Task.kind == "begin_reconciliation") & (Task.payload["scope"].as_string() == scope)
    goes_on = (Task.kind == "reconcile") & Task.payload["round_id"].as_integer().in_(rounds)
    waiting = select(Task.id).where(Task.state == TaskState.PENDING, begins | goes_on)
    return db.session.scalar(waiting.limit(1)) is not None


def begin(scope: Scope, key: str, since: timedelta | None = None) -> Step | None:
    """The first step of a new round; None if `key` has begun before.

    `since` goes back at least so far for events and, in a recent round, for objects. Without it, to where events were last
    listed, and a day.
    """
    now, listed = clock.now(), hearing.heard_since()
    made_since = None if scope == Scope.FULL else now - (since or RECENT)
    heard_since = min(now - since, listed or now) if since else listed
    values = {"public_id": ids.new("rec"), "scope": scope, "began_at": now, "started_at": clock.wall()}
    new = insert(Round).values(key=key, **values, made_since=made_since, heard_since=heard_since)
    counts = dict.fromkeys(("fetched", "missed", "compared", "found"), 0)
    made = new.values(**counts).on_conflict_do_nothing(index_elements=["key"]).returning(Round.id)
    round_id = db.session.scalar(made)
    return None if round_id is None else Step(round_id, _parts(scope)[0])


def record(step: Step) -> None:
    """Have a worker take it."""
    tasks.record("reconcile", step.key, asdict(step))


def take(step: Step, commit: Commit) -> Step | None:
    """Take one step and answer the next one, None at the end of the round. A step may be taken again.

    Raises GatewayUnavailable.
    """
    current = db.session.get_one(Round, step.round_id, populate_existing=True)
    deed, _, object_type = step.part.partition(":")
    after = parts.DEEDS[deed](current, object_type, step.after, commit)
    if after is not None:
        return Step(current.id, step.part, after)
    all_parts = _parts(Scope(current.scope))
    rest = all_parts[all_parts.index(step.part) + 1 :]
    if rest:
        return Step(current.id, rest[0])
    _finish(current)
    return None


def _parts(scope: Scope) -> list[str]:
    rest = "spoken_of" if scope == Scope.RECENT else "unseen"
    return ["events", *(f"{deed}:{name}" for name in MIRRORS for deed in ("list", rest)), "open"]


def _finish(current: Round) -> None:
    steps = (Task.kind == "reconcile") & (Task.state == TaskState.DONE) & Task.key.startswith(f"{current.id}:")
    for model, ours in ((Sighting, Sighting.round_id == current.id), (Task, steps)):
        db.session.execute(delete(model).where(ours).execution_options(synchronize_session=False))
    found = select(func.count()).where(Difference.round_id == current.id)
    current.found, current.finished_at = db.session.scalar(found) or 0, clock.wall()
    db.session.flush()
