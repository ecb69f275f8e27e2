"""The optional SQLite file: every record as JSON, written through once per transaction.

WAL with ``synchronous=NORMAL`` survives the death of the process (SIGKILL) without losing a committed transaction;
after a power cut the last ones may be missing, which a development tool can bear. One process at a time may use a file,
and only one that writes the same format for the same API version: records have no migrations.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.snapshots import Frozen, thaw
from sandbox.store import Key, Record

FORMAT = 2
"""To be raised when records become such that older files cannot be understood."""

RECORDS = """create table records (
    seq integer primary key, type text not null, id text not null, body text not null, unique (type, id))"""
ABOUT = "create table about (format integer not null, api_version text not null)"
UPSERT = (
    "insert into records (type, id, body) values (?, ?, ?) on conflict (type, id) do update set body = excluded.body"
)
SWEPT = "delete from forgotten where seq in (select seq from forgotten limit 100)"
LOCK_WAITS = 0.5
"""Seconds for which a process that is just ending may still hold the file."""


class Journal:
    """Reads and writes the file; without a path it does nothing."""

    def __init__(self, path: str | None, api_version: str) -> None:
        self._database = _open(path, api_version) if path is not None else None
        self._closed = False
        self._forgotten = False
        self._unswept = False

    def read(self) -> Iterator[Record]:
        """All records in their order of creation."""
        if self._database:
            for (body,) in self._database.execute("select body from records order by seq"):
                yield json.loads(body)

    def write(self, written: Iterable[tuple[Key, Record | None]]) -> None:
        """Save records, or delete those that are None: all or, with an exception, nothing. So it is with a closed file."""
        if self._database is None:
            return
        if self._closed:
            raise RuntimeError("the sandbox was closed, and writes no more")
        with self._database:
            self._database.execute("begin")
            unswept = self._tidy(self._database)
            for key, record in written:
                if record is None:
                    self._database.execute("delete from records where type = ? and id = ?", key)
                else:
                    body = json.dumps(record, separators=(",", ":"), default=_plain)
                    self._database.execute(UPSERT, (*key, body))
        self._forgotten, self._unswept = False, unswept

    def forget(self) -> None:
        """Let the next :meth:`write` begin with an empty file, in the same transaction."""
        self._forgotten = True

    def _tidy(self, database: sqlite3.Connection) -> bool:
        """Set aside what a reset forgot, and delete it bit by bit: deleting much at once takes its time. Is there more?"""
        if self._forgotten and self._unswept:
            database.execute("delete from records")
        elif self._forgotten:
            database.execute("alter table records rename to forgotten")
            database.execute(RECORDS)
        elif self._unswept and not database.execute(SWEPT).rowcount:
            database.execute("drop table forgotten")
            return False
        return self._forgotten or self._unswept

    def close(self) -> None:
        self._closed = True
        if self._database:
            self._database.close()


def _open(path: str, api_version: str) -> sqlite3.Connection:
    try:
        # The sandbox's lock serialises the threads that write here.
        database = sqlite3.connect(path, LOCK_WAITS, check_same_thread=False, isolation_level=None)
        try:
            database.execute("pragma locking_mode = exclusive")
            database.execute("pragma journal_mode = wal")
            database.execute("pragma synchronous = normal")
            _check(database, path, api_version)
        except BaseException:
            database.close()
            raise
    except sqlite3.Error as problem:
        busy = problem.sqlite_errorcode == sqlite3.SQLITE_BUSY
        raise OSError(f"{path}: {'another sandbox is using this file' if busy else problem}") from problem
    return database


def _plain(value: Any) -> Any:
    if isinstance(value, Frozen):
        return thaw(value)
    raise TypeError(f"{type(value).__name__} cannot be kept in a file")


def _check(database: sqlite3.Connection, path: str, api_version: str) -> None:
    """Make the tables of an empty file; refuse one that is filled with something else."""
    with database:
        database.execute("begin exclusive")
        tables = {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}
        if not tables:
            database.execute(RECORDS)
            database.execute(ABOUT)
            database.execute("insert into about values (?, ?)", (FORMAT, api_version))
        known = database.execute("select format, api_version from about").fetchone() if "about" in tables else None
    if tables and known != (FORMAT, api_version):
        raise OSError(
            f"{path}: this file was not written by this version of the sandbox (format {FORMAT}, API {api_version}). "
            "It is left as it is. Delete it to start empty, or give --data another file."
        )
    database.execute("drop table if exists forgotten")
