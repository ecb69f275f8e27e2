"""Background work as staff see it: which tasks there are, and what became of them."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import defer

from app.core.errors import NotFound
from app.core.extensions import db
from app.core.tasks import Task

from . import lists
from .lists import Order, Page

ORDERS = {
    "newest": Order(_l("Newest first"), (Task.id,), descending=True),
    "oldest": Order(_l("Oldest first"), (Task.id,)),
    "due": Order(_l("By due time"), (Task.run_at, Task.id)),
    "kind": Order(_l("By kind"), (Task.kind, Task.key)),
}


@dataclass(frozen=True)
class Filters:
    """`named` is the number of a task, alone or as the logs write it (`send_mail:42`), or its key."""

    state: str = ""
    queue: str = ""
    kind: str = ""
    named: str = ""


def page(filters: Filters, order: Order, **around: str) -> Page:
    """Rows of a task, without its payload, and whether it can be tried again now."""
    chosen = select(Task, Task.can_be_retried()).options(defer(Task.payload, raiseload=True))
    return lists.page(chosen.where(*_conditions(filters)), order, Task.id, **around)


def get(task_id: int) -> tuple[Task, bool]:
    """A task, and whether it can be tried again now. Raises NotFound."""
    found = select(Task, Task.can_be_retried()).where(Task.id == task_id)
    row = db.session.execute(found).first() if task_id <= lists.BIGGEST else None
    if row is None:
        raise NotFound()
    return row[0], bool(row[1])


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions = [
        column == said
        for column, said in ((Task.state, filters.state), (Task.queue, filters.queue), (Task.kind, filters.kind))
        if said
    ]
    if filters.named:
        number = lists.number(filters.named.rpartition(":")[2])
        by_key = Task.key == filters.named
        conditions.append(by_key if number is None else or_(by_key, Task.id == number))
    return conditions
