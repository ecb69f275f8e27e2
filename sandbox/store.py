"""All state of the sandbox: plain records in memory, one undo list per transaction.

A record is a dict with ``object`` and ``id``. It keeps other objects as ids (``rendering`` puts them in), and keys that
begin with an underscore never leave the sandbox. **Nested values are immutable by agreement**: a change replaces a
top-level key through :meth:`Store.update`. That makes undo, event snapshots and ``previous_attributes`` cheap.
Record types that begin with an underscore (deliveries, idempotency keys, the clock) are the sandbox's own.
"""

import random
import string
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from sandbox.errors import missing_resource
from sandbox.index import Index, Places, let_go

Record = dict[str, Any]
Records = list[Record]  # `list` is a method name below
Key = tuple[str, str]

INDEXED = (
    "customer",
    "subscription",
    "_subscription",
    "invoice",
    "payment_intent",
    "_payment_intent",
    "charge",
    "event",
    "product",
    "_customer",
    "_product",
)
"""Fields that :meth:`Store.of` answers for without looking at every record."""

LETTERS = ((string.ascii_letters + string.digits).encode() * 5)[:256]
"""A letter for every byte; a few of them come a little more often."""


def new_id(prefix: str, length: int = 24) -> str:
    """An id as Stripe writes them: ``new_id("sub")`` → ``sub_1x…``."""
    return f"{prefix}_{random.randbytes(length).translate(LETTERS).decode()}"


class Store:
    """Records by type and id, in order of creation. Callers hold the sandbox's lock."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, Record]] = {}
        self._index = Index()
        self._latest: dict[str, Record] = {}
        """The youngest record of each type, to share values with."""
        self._undo: list[Callable[[], None]] = []
        self._touched: dict[Key, None] = {}
        self.watchers: list[Callable[[Record], None]] = []
        """Called with each record that was added, changed, removed or restored."""

    def types(self) -> list[str]:
        """The public object types that have at least one record."""
        return sorted(name for name, table in self._tables.items() if table and not name.startswith("_"))

    def get(self, object_type: str, id: str) -> Record | None:
        return self._tables.get(object_type, {}).get(id)

    def need(self, object_type: str, id: str, param: str = "id") -> Record:
        """Like :meth:`get`; an unknown id raises Stripe's ``resource_missing`` about ``param``."""
        record = self.get(object_type, id)
        if record is None:
            raise missing_resource(object_type, id, param)
        return record

    def list(self, object_type: str) -> Records:
        """All records of a type, newest first."""
        return [*reversed(self._tables.get(object_type, {}).values())]

    def oldest(self, object_type: str) -> Record | None:
        return next(iter(self._tables.get(object_type, {}).values()), None)

    def count(self, object_type: str) -> int:
        return len(self._tables.get(object_type, {}))

    def of(self, object_type: str, field: str, value: str) -> Records:
        """The records of a type whose indexed field has that value: oldest first, those who came to it by a change last."""
        return self._index.find((object_type, field), value)

    def locate(self, id: str, hint: str = "") -> Record | None:
        """Any public object with that id; ``hint`` names the type to try first, as chosen ids may repeat over types."""
        for name in (hint, *self._tables):
            record = self._tables.get(name, {}).get(id) if not name.startswith("_") else None
            if record is not None:
                return record
        return None

    def add(self, record: Record) -> Record:
        self._put(record)
        self._undo.append(lambda: self._take(record))
        self._touch(record)
        return record

    def update(self, record: Record, **changes: Any) -> None:
        """Replace top-level keys of a stored record."""
        before = {key: record[key] for key in changes if key in record}
        added = [key for key in changes if key not in record]
        places = self._places(record, _moved(record, changes))
        self._change(record, changes)
        self._undo.append(lambda: self._restore(record, before, added, places))
        self._touch(record)

    def remove(self, *records: Record) -> None:
        """Remove records of one type. Their table is copied for the case of an undo, so take many at a time."""
        table = dict(self._tables[records[0]["object"]])
        for record in records:
            places = self._places(record)
            self._take(record)
            self._undo.append(partial(self._put_back, record, table, places))
            self._touch(record)

    def touched(self) -> tuple[Key, ...]:
        """Which records were written since the last commit, in order."""
        return tuple(self._touched)

    def commit(self) -> tuple[Key, ...]:
        """Forget the undo list; answers :meth:`touched`."""
        touched = self.touched()
        self._undo.clear()
        self._touched.clear()
        return touched

    def rollback(self) -> None:
        """Undo everything since the last commit."""
        self.rollback_to(0)
        self._touched.clear()

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """Call ``undo`` if what is written from here on is undone: for state that goes along with the records."""
        self._undo.append(undo)

    def savepoint(self) -> int:
        """A mark for :meth:`rollback_to`."""
        return len(self._undo)

    def rollback_to(self, savepoint: int) -> None:
        """Undo everything since the mark was taken."""
        while len(self._undo) > savepoint:
            self._undo.pop()()

    def clear(self) -> None:
        """Forget every record, with no way back."""
        let_go([*self._index.tables.values(), *self._tables.values()])
        self._tables = {}
        self._index = Index()
        self._latest.clear()
        self._undo.clear()
        self._touched.clear()

    def load(self, records: Iterable[Record]) -> None:
        """Fill an empty store with records in their order of creation."""
        for record in records:
            self._put(record)
            self._notify(record)

    def _put(self, record: Record) -> None:
        _share(record, self._latest.get(record["object"], record))
        self._latest[record["object"]] = record
        self._tables.setdefault(record["object"], {})[record["id"]] = record
        self._put_in_index(record)

    def _take(self, record: Record) -> None:
        del self._tables[record["object"]][record["id"]]
        self._take_from_index(record)
        self._notify(record)

    def _put_back(self, record: Record, table: dict[str, Record], places: Places) -> None:
        self._tables[record["object"]] = table  # a copy taken before removal, so that the order is the old one
        self._index.restore(places)
        self._notify(record)

    def _restore(self, record: Record, before: Record, added: Iterable[str], places: Places) -> None:
        self._change(record, {**before, **dict.fromkeys(added)})
        for key in added:
            del record[key]
        self._index.restore(places)
        self._notify(record)

    def _change(self, record: Record, changes: Record) -> None:
        # Only what moved is indexed anew: the others keep their place in the order of creation.
        moved = _moved(record, changes)
        self._take_from_index(record, moved)
        _share(changes, self._latest.get(record["object"], record))
        record.update(changes)
        self._put_in_index(record, moved)

    def _put_in_index(self, record: Record, fields: Iterable[str] = INDEXED) -> None:
        for field in fields:
            value = record.get(field)
            if isinstance(value, str):
                self._index.put((record["object"], field), value, record)

    def _take_from_index(self, record: Record, fields: Iterable[str] = INDEXED) -> None:
        for field in fields:
            value = record.get(field)
            if isinstance(value, str):
                self._index.take((record["object"], field), value, record)

    def _places(self, record: Record, fields: Iterable[str] = INDEXED) -> Places:
        """Where the index has a record, and beside whom."""
        kind = record["object"]
        values = ((field, record.get(field)) for field in fields)
        return [self._index.place((kind, field), value) for field, value in values if isinstance(value, str)]

    def _touch(self, record: Record) -> None:
        self._touched[(record["object"], record["id"])] = None
        self._notify(record)

    def _notify(self, record: Record) -> None:
        for watch in self.watchers:
            watch(record)


def _moved(record: Record, changes: Record) -> Iterable[str]:
    """The indexed fields that would get another value."""
    return [field for field in INDEXED if field in changes and changes[field] != record.get(field)]


def _share(record: Record, other: Record) -> None:
    """Let a record hold the same objects as another one where they are equal: most of their values are."""
    for key, value in record.items():
        known = other.get(key)
        if known is not value and known == value and type(known) is type(value):
            record[key] = known
