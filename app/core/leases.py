"""Who may work on what, for how long: rows claimed with SKIP LOCKED, and named leases.

A worker that dies keeps its claim only until `lease_until`; whoever claims next becomes the owner, and a finish by the
former owner affects no row (LeaseLost), so its transaction rolls back. All times here are machine time.
"""

import os
import secrets
import socket
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, Update, bindparam, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock
from .errors import PortalError
from .extensions import Model, db
from .transactions import apart, release

LEASE = timedelta(seconds=30)
POLL_SECONDS = 0.05
MAX_ATTEMPTS = 10  # then a row is parked, and a person decides


class LeaseLost(PortalError):
    """Another owns the row or the object by now; roll back and leave it alone. A page may be sent again."""

    status = 409
    code = "lease_lost"

    def __init__(self, what: str) -> None:
        super().__init__("This took too long and was given up before anything was changed. Please try again.")
        self.what = what


class Busy(PortalError):
    status = 409
    code = "busy"

    def __init__(self) -> None:
        super().__init__("Another request of yours is still being handled. Please wait a moment and look again.")


Row = TypeVar("Row", bound=Any)
"""A model with `id`, `lease_owner`, `lease_until` and `attempts`."""


def new_owner() -> str:
    """A name no other claim has: host, process and a random part."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def claim(
    model: type[Row], due: ColumnElement[bool], order: ColumnElement[Any], owner: str, limit: int = 20
) -> list[Row]:
    """Claim up to `limit` due rows for `owner`, counting an attempt on each, in a transaction of its own."""
    wall = clock.wall()
    free = due & (model.lease_until.is_(None) | (model.lease_until < wall))
    # In a CTE, because PostgreSQL may run a subquery with LIMIT and SKIP LOCKED more than once and so claim more rows.
    chosen = select(model.id).where(free).order_by(order).limit(limit).with_for_update(skip_locked=True).cte()
    statement = (
        update(model)
        .where(model.id.in_(select(chosen.c.id)))
        .values(lease_owner=owner, lease_until=wall + LEASE, attempts=model.attempts + 1)
        .returning(model)
        .execution_options(synchronize_session=False)
    )
    with apart() as session:
        rows = list(session.scalars(statement))
        session.expunge_all()
    return sorted(rows, key=lambda row: int(row.id))


def renew(model: type[Row], row_ids: Collection[int], owner: str) -> None:
    """Hold claimed rows for another lease, before starting on them: those claimed with them took time. Raises LeaseLost."""
    if renewed(model, row_ids, owner) != set(row_ids):
        raise LeaseLost(f"{model.__tablename__} {row_ids}")


def renewed(model: type[Row], row_ids: Collection[int], owner: str) -> set[int]:
    """The same for those that are still the owner's; answers which they are."""
    owned = update(model).where(model.id.in_(row_ids), model.lease_owner == owner)
    statement = owned.values(lease_until=clock.wall() + LEASE).returning(model.id)
    with apart() as session:
        return set(session.scalars(statement.execution_options(synchronize_session=False)))


def finish(model: type[Row], row_id: int, owner: str, **values: Any) -> None:
    """Write the outcome and give the claim back, in the transaction of the effect. Raises LeaseLost."""
    finish_all(model, [row_id], owner, **values)


def finish_all(model: type[Row], row_ids: Collection[int], owner: str, **values: Any) -> None:
    """The same for rows with one outcome, all or none. Raises LeaseLost."""
    done: Any = db.session.execute(_given_back(model, row_ids, owner, values))
    if done.rowcount != len(row_ids):
        raise LeaseLost(f"{model.__tablename__} {row_ids}")


def let_go(model: type[Row], row_ids: Collection[int], owner: str, **values: Any) -> None:
    """Give back those of the claims that are still the owner's, which used no attempt up; others are left alone."""
    with apart() as session:
        session.execute(_given_back(model, row_ids, owner, {"attempts": model.attempts - 1, **values}))


def _given_back(model: type[Row], row_ids: Collection[int], owner: str, values: Mapping[str, Any]) -> Update:
    mine = update(model).where(model.id.in_(row_ids), model.lease_owner == owner)
    return mine.values(lease_owner=None, lease_until=None, **values).execution_options(synchronize_session=False)


def finishing(model: type[Row], also: ColumnElement[bool], **values: Any) -> Update:
    """A statement for `finish_held`, to be made once: it is for what is done for every event.

    `also`: rows of nobody's or of anybody's claim that have the same outcome, but for those somebody is writing just now:
    waiting for them, two who finish each other's rows could wait for ever.
    """
    lease = (NamedLease.name == bindparam("lease")) & (NamedLease.owner == bindparam("owner"))
    held = delete(NamedLease).where(lease & (NamedLease.until > bindparam("wall"))).returning(NamedLease.name).cte()
    table: Any = model.__table__
    mine = any_of(table.c.id, "claimed") & (table.c.lease_owner == bindparam("owner"))
    free = select(table.c.id).where(also).with_for_update(skip_locked=True).cte()
    others = table.c.id == func.any(func.array(select(free.c.id).scalar_subquery()))
    done = update(table).where(mine | others, exists(select(held.c.name)))
    return done.values(lease_owner=None, lease_until=None, **values).returning(table.c.id)


def any_of(column: ColumnElement[int], name: str) -> ColumnElement[bool]:
    """The column is one of the numbers in the parameter `name`; the same text for any count, so it is planned once."""
    return column == func.any(bindparam(name, type_=ARRAY(BigInteger)))


def finish_held(statement: Update, claimed: Collection[int], owner: str, lease: str, **also: object) -> None:
    """Finish claimed rows under a lease that `owner` holds too and gives back with it, all or none. Raises LeaseLost."""
    values = {"claimed": list(claimed), "owner": owner, "lease": lease, "wall": clock.wall(), **also}
    if not set(claimed) <= set(db.session.scalars(statement, values)):
        raise LeaseLost(lease)


def back_off(attempts: int) -> timedelta:
    """How long a row waits after failing for the n-th time: 2, 4, 8 … seconds, at most 10 minutes."""
    return timedelta(seconds=min(2**attempts, 600))


def reason(error: Exception) -> str:
    """What a row keeps of the error it met."""
    return f"{type(error).__name__}: {error}"[:500]


class NamedLease(Model):
    """A lease on something that is no row of a queue: an object at Stripe, an organization's checkout."""

    __tablename__ = "named_leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    until: Mapped[datetime]


def take(names: Iterable[str], owner: str, session: Session, seconds: float = LEASE.total_seconds()) -> set[str]:
    """Take those of the leases that are free, in the transaction of `session`; answers which they are."""
    wall = clock.wall()
    row = {"owner": owner, "until": wall + timedelta(seconds=seconds)}
    # Sorted here and below, so that two who want the same never wait for each other.
    rows = [{"name": name, **row} for name in sorted(names)]
    wanted = insert(NamedLease).values(rows)
    taken = wanted.on_conflict_do_update(index_elements=[NamedLease.name], set_=row, where=NamedLease.until < wall)
    return set(session.scalars(taken.returning(NamedLease.name))) if rows else set()


def extended(names: Collection[str], owner: str) -> set[str]:
    """Hold taken leases for another LEASE; answers those that are still the owner's."""
    chosen = _in_order(names, owner)
    longer = update(NamedLease).where(NamedLease.name.in_(chosen)).values(until=clock.wall() + LEASE)
    with apart() as session:
        statement = longer.returning(NamedLease.name).execution_options(synchronize_session=False)
        return set(session.scalars(statement))


def give_back(names: Collection[str], owner: str) -> None:
    """Let go of those of the leases that are still the owner's."""
    with apart() as session:
        gone = delete(NamedLease).where(NamedLease.name.in_(_in_order(names, owner)))
        session.execute(gone.execution_options(synchronize_session=False))


def _in_order(names: Collection[str], owner: str) -> Select[str]:
    mine = select(NamedLease.name).where(NamedLease.name.in_(names), NamedLease.owner == owner)
    return mine.order_by(NamedLease.name).with_for_update()


@contextmanager
def hold(name: str, seconds: float = 30, patience: float = 10) -> Iterator[str]:
    """Hold the lease `name` for the block, waiting up to `patience` seconds for it. Raises Busy.

    The owner's name is yielded for `assert_held`. Ends the current transaction, so that none is open while waiting;
    RuntimeError when it has written already, as by `release`.
    """
    release()
    owner, deadline = new_owner(), time.monotonic() + patience
    while True:
        with apart() as session:
            if take([name], owner, session, seconds):
                break
        if time.monotonic() > deadline:
            raise Busy()
        time.sleep(POLL_SECONDS)
    try:
        yield owner
    finally:
        give_back([name], owner)


def assert_held(name: str, owner: str) -> None:
    """In the transaction of the effect: is the lease still ours? Locks its row until the commit. Raises LeaseLost."""
    held = select(NamedLease.name).where(
        NamedLease.name == name, NamedLease.owner == owner, NamedLease.until > clock.wall()
    )
    if db.session.scalar(held.with_for_update()) is None:
        raise LeaseLost(name)
