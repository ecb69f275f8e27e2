"""Which records have a field of some value, and the disposal of many records at once."""

import threading
import time
from collections.abc import Iterable
from typing import Any

Record = dict[str, Any]
Field = tuple[str, str]
"""Object type and the name of one of its fields."""

BITE = 100
"""How many records are let go at a time."""


class Several(dict[str, Record]):
    """The records that share a value, by id, in order of creation."""


Place = tuple[Field, str, Record | Several | None]
Places = list[Place]
"""Who has a value of a field, as it was at some time."""


class Index:
    """Records by the value of a field. Most values have one record only, which is then kept without a table."""

    def __init__(self) -> None:
        self.tables: dict[Field, dict[str, Record | Several]] = {}

    def find(self, field: Field, value: str) -> list[Record]:
        found = self.tables.get(field, {}).get(value)
        if found is None:
            return []
        return [*found.values()] if isinstance(found, Several) else [found]

    def put(self, field: Field, value: str, record: Record) -> None:
        table = self.tables.setdefault(field, {})
        found = table.get(value)
        if found is None:
            table[value] = record
        elif isinstance(found, Several):
            found[record["id"]] = record
        elif found is not record:
            first: Record = found
            table[value] = Several({first["id"]: first, record["id"]: record})

    def take(self, field: Field, value: str, record: Record) -> None:
        table = self.tables.get(field, {})
        found = table.get(value)
        if isinstance(found, Several):
            found.pop(record["id"], None)
        elif found is record:
            del table[value]

    def place(self, field: Field, value: str) -> Place:
        """What :meth:`restore` needs to bring back who has a value now, and in which order."""
        found = self.tables.get(field, {}).get(value)
        return field, value, Several(found) if isinstance(found, Several) else found

    def restore(self, places: Places) -> None:
        for field, value, found in places:
            if found is None:
                self.tables.get(field, {}).pop(value, None)
            else:
                self.tables.setdefault(field, {})[value] = found


def let_go(tables: Iterable[dict[str, Any]]) -> None:
    """Empty these tables in the background, bit by bit: to free a million objects at once holds up everybody."""
    full = [table for table in tables if len(table) > BITE]
    if full:
        threading.Thread(target=_empty, args=(full,), name="disposal", daemon=True).start()


def _empty(tables: list[dict[str, Any]]) -> None:
    for table in tables:
        while table:
            for _ in range(min(BITE, len(table))):
                table.popitem()
            time.sleep(0.001)
