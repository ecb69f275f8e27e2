"""Lists of the staff area: sorted one of a few ways, page by page, however long they are.

A page is told by the name of the row next to it, so that it costs the same wherever it lies; what a list is sorted by has
an index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.core.extensions import db

PER_PAGE = 50
LONGEST_NAME = 300

BIGGEST = 2**63 - 1
"""What a column of numbers can hold."""

Column = InstrumentedAttribute[Any]


@dataclass(frozen=True)
class Order:
    """`columns` are never empty, and the last is unique, so that each row has a place of its own."""

    label: str
    columns: tuple[Column, ...]
    descending: bool = False


@dataclass(frozen=True)
class Page:
    """`previous` and `next` are the names of the rows to go on from, None where the list ends.

    The first part of a row is the object the list is about.
    """

    rows: Sequence[Row[Any]]
    previous: str | None = None
    next: str | None = None


def page(chosen: "Select[*tuple[Any, ...]]", order: Order, name: Column, *, after: str = "", before: str = "") -> Page:
    """The first of the `chosen` rows, or those after, or before, the row whose `name` is given. At most two statements.

    A name nobody has is no name.
    """
    backwards = bool(before) and not after
    place = _place(order, name, after or before)
    descending = order.descending != backwards
    if place is not None:
        here = tuple_(*order.columns)
        chosen = chosen.where(here < place if descending else here > place)
    chosen = chosen.order_by(*(column.desc() if descending else column.asc() for column in order.columns))
    found = db.session.execute(chosen.limit(PER_PAGE + 1)).all()
    more, shown = len(found) > PER_PAGE, found[:PER_PAGE]
    if place is not None and backwards:
        return _page(name, shown[::-1], has_previous=more, has_next=True)
    return _page(name, shown, has_previous=place is not None, has_next=more)


def number(said: str) -> int | None:
    """What can be the number of a row."""
    value = int(said) if said.isascii() and said.isdecimal() else BIGGEST + 1
    return value if value <= BIGGEST else None


def _place(order: Order, name: Column, said: str) -> tuple[Any, ...] | None:
    """Where a row stands, as values: compared with those, an index leads there at once."""
    value = number(said) if name.type.python_type is int else said
    if not value:
        return None
    found = db.session.execute(select(*order.columns).where(name == value)).first()
    return tuple(found) if found else None


def _page(name: Column, rows: Sequence[Row[Any]], *, has_previous: bool, has_next: bool) -> Page:
    if not rows:
        return Page(rows)
    names = [str(getattr(row[0], name.key)) for row in (rows[0], rows[-1])]
    return Page(rows, names[0] if has_previous else None, names[1] if has_next else None)
