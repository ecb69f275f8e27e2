"""The optional SQLite file: every record as JSON, written through once per transaction.

WAL with ``synchronous=NORMAL`` survives the death of the process (SIGKILL) without losing a committed transaction;
after a power cut the last ones may be missing, which a development tool can bear.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator

from sandbox.snapshots import thaw
from sandbox.store import Key, Record

TABLE = """create table if not exists records (
    seq integer primary key, type text not null, id text not null, body text not null, unique (type, id))"""
UPSERT = (
    "insert into records (type, id, body) values (?, ?, ?) on conflict (type, id) do update set body = excluded.body"
)


class Journal:
    """Reads and writes the file; without a path it does nothing."""

    def __init__(self, path: str | None) -> None:
        self._database = _open(path) if path is not None else None

    def read(self) -> Iterator[Record]:
        """All records in their order of creation."""
        if self._database:
            for (body,) in self._database.execute("select body from records order by seq"):
                yield json.loads(body)

    def write(self, written: Iterable[tuple[Key, Record | None]]) -> None:
        """Save records, or delete those that are None, in one transaction."""
        if self._database is None:
            return
        self._database.execute("begin")
        for (object_type, id), record in written:
            if record is None:
                self._database.execute("delete from records where type = ? and id = ?", (object_type, id))
            else:
                self._database.execute(UPSERT, (object_type, id, json.dumps(record, separators=(",", ":"), default=thaw)))
        self._database.execute("commit")

    def clear(self) -> None:
        if self._database:
            self._database.execute("delete from records")

    def close(self) -> None:
        if self._database:
            self._database.close()
            self._database = None


def _open(path: str) -> sqlite3.Connection:
    try:
        # The sandbox's lock serialises the threads that write here.
        database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        database.execute(TABLE)
    except sqlite3.Error as problem:
        raise OSError(f"{path}: {problem}") from problem
    return database
