"""The portal as it runs in production, on one machine, behind doors that can be spoilt.

Two web servers behind one address, two workers and one for documents, the clock, PostgreSQL, Redis, the sandbox and a mail
catcher. Everything the portal talks to is reached through `faults.proxy`.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Any

import psycopg
import requests
from psycopg.rows import dict_row
from redis import Redis

from faults.doors import Doors
from portal.demo.command import erase, migrate_and_load
from portal.demo.stack import DATABASE, Stack
from portal.services.child import Child, ServiceError
from portal.services.ports import free_port, kept_port, responds
from portal.services.supervisor import Supervisor

WEBS = ("web-1", "web-2")
WORKERS = ("worker-1", "worker-2")
START_SECONDS = 120.0
PORTAL = (*WEBS, *WORKERS, "documents", "clock")
"""The portal's own processes, by the names they are killed and frozen by."""


class SpoilableStack(Stack):
    """A stack whose parts meet at doors."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, free_port(), durable=False)
        self.switches = (home / "failpoints").resolve()
        self.switches.mkdir(exist_ok=True)
        self.web_ports = {name: kept_port(home / f"{name}-port") for name in WEBS}
        self.doors = Doors(
            home,
            {
                "database": (None, [self.postgres.port]),
                "redis": (None, [self.redis.port]),
                "mail": (None, [self.mail.port]),
                "stripe": (None, [self.sandbox_port]),
                "web": (self.port, list(self.web_ports.values())),
            },
        )

    def services(self) -> list[Child]:
        return [*super().services(), self.doors.child()]

    def portal(self) -> list[Child]:
        webs = [self.web(name) for name in WEBS]
        workers = [self.process(name, "worker", "webhooks", "mail", "default") for name in WORKERS]
        return [*webs, *workers, self.process("documents", "worker", "documents"), self.process("clock", "clock")]

    def web(self, name: str) -> Child:
        port = self.web_ports[name]
        child = self.process(name, "web", "--port", str(port), "--workers", "1")
        return replace(child, ready=lambda: responds(f"http://127.0.0.1:{port}/healthz", self.host))

    @property
    def host(self) -> str:
        """What every request must say in `Host`, whichever web server it goes to."""
        return f"127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The settings of the portal: every address is that of a door."""
        return super().environment() | {
            "DATABASE_URL": self.doors.through("database", self.postgres.url(DATABASE), self.postgres.port),
            "REDIS_URL": self.doors.through("redis", self.redis.url, self.redis.port),
            "SMTP_URL": f"smtp://127.0.0.1:{self.doors.ports['mail']}",
            "STRIPE_API_BASE": f"http://127.0.0.1:{self.doors.ports['stripe']}",
            "FAILPOINTS_DIR": str(self.switches),
            "TRUSTED_PROXIES": "1",  # so that customers have addresses of their own
        }


class House(Supervisor):
    """The running portal, and all that can be done to it. `running` makes one."""

    def __init__(self, home: Path) -> None:
        self.stack = SpoilableStack(home)
        self.logs = home / "logs"
        self.excused: Counter[str] = Counter()  # duplicate mails, by Message-ID, that an earlier row was allowed
        self._frozen: set[str] = set()
        super().__init__(self.logs)

    @property
    def host(self) -> str:
        """What every request must say in `Host`, whichever web server it goes to."""
        return self.stack.host

    @property
    def url(self) -> str:
        """Where customers go: either web server may answer."""
        return self.stack.url

    def web_url(self, name: str) -> str:
        """One web server alone."""
        return f"http://127.0.0.1:{self.stack.web_ports[name]}"

    # What goes wrong

    def spoil(self, door: str, kind: str, **settings: Any) -> None:
        """Have a door (database, redis, mail, stripe, web) spoil its conversations; kinds and settings: faults/proxy.py."""
        self.stack.doors.tell(door, kind=kind, **settings)

    def mend(self, door: str) -> int:
        """The door passes everything on again; answers how many connections a reset or cut has struck."""
        return self.stack.doors.tell(door, kind="pass")

    def freeze(self, name: str) -> None:
        self._frozen.add(name)
        self.kill(name, SIGSTOP)

    def thaw(self, name: str) -> None:
        self.kill(name, SIGCONT)
        self._frozen.discard(name)

    @staticmethod
    def end_process(pid: int) -> bool:
        """Kill one process below a child; False when it has ended already."""
        try:
            os.kill(pid, SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def arm(self, point: str, action: str = "kill") -> None:
        """The first process that comes by `point` dies (`kill`), fails (`raise`) or waits (`sleep 90`)."""
        self._switch(point, ".taken").unlink(missing_ok=True)
        ready = self._switch(point, ".new")
        ready.write_text(action)
        ready.rename(self._switch(point))

    def has_struck(self, point: str) -> bool:
        """Whether a process has come by since it was armed."""
        return self._switch(point, ".taken").exists()

    def _switch(self, point: str, suffix: str = "") -> Path:
        return self.stack.switches / (point + suffix)

    def restore(self) -> None:
        """Nothing goes wrong on purpose any more."""
        for file in self.stack.switches.iterdir():
            file.unlink(missing_ok=True)
        for name in list(self._frozen):
            with contextlib.suppress(KeyError):
                self.thaw(name)
        for door in self.stack.doors.ports:
            self.mend(door)
        self.sandbox("DELETE", "faults")
        self.sandbox("POST", "deliveries", paused=False, retries="quick")

    def command(self, *words: str) -> str:
        """Run `portal <words>` as an operator would; answers what it said. ServiceError when it failed."""
        settings = os.environ | self.stack.environment()
        command = [sys.executable, "-m", "portal", *words]
        done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise ServiceError(f"portal {' '.join(words)}: {done.stderr[-500:]}")
        return done.stdout

    # What can be looked at

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database, by its own port. Placeholders are `%s`."""
        with psycopg.connect(self._database()) as connection:
            return connection.execute(sql, values).fetchall()

    def dicts(self, sql: str) -> list[dict[str, Any]]:
        """The same with the names of the columns."""
        with psycopg.connect(self._database(), row_factory=dict_row) as connection:
            return connection.execute(sql).fetchall()

    def _database(self) -> str:
        return self.stack.postgres.url(DATABASE).replace("+psycopg", "")

    def count(self, sql: str, *values: Any) -> int:
        """The one number that `sql` answers."""
        return int(self.rows(sql, *values)[0][0])

    def sandbox(self, method: str, path: str, **wish: Any) -> dict[str, Any]:
        """Control the sandbox: docs/sandbox.md, "Control"."""
        address = f"{self.stack.sandbox_url}/_sandbox/{path}"
        body = wish if method == "POST" else None
        answer = requests.request(method, address, json=body, timeout=120)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def stripe(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Everything in a list of Stripe's API, asked of the sandbox by its own port."""
        found: list[dict[str, Any]] = []
        auth = (self.stack.stripe_secret_key, "")
        while True:
            after = {"starting_after": found[-1]["id"]} if found else {}
            query = {"limit": 100, **params, **after}
            page = requests.get(f"{self.stack.sandbox_url}/v1/{path}", query, auth=auth, timeout=60).json()
            found += page["data"]
            if not page["has_more"]:
                return found

    def turn_clock(self, by: str) -> None:
        """Business time goes on: `"1 month"`, `"2 hours"`, seconds."""
        self.sandbox("POST", "clock", by=by)

    def business_now(self) -> int:
        """Business time in unix seconds."""
        return int(self.sandbox("GET", "clock")["now"])


@contextlib.contextmanager
def running(home: Path) -> Iterator[House]:
    """A house in `home` with the catalogue loaded and nobody in it. ServiceError when this machine lacks something."""
    erase(home)
    with House(home) as house:
        house.start(*house.stack.services())
        migrate_and_load(house.stack)
        house.start(*house.stack.portal())
        _await_workers(Redis.from_url(house.stack.redis.url))
        yield house


def _await_workers(redis: Redis) -> None:
    """Wait until all listen, so that no row's recovery has their start in it."""
    deadline = time.monotonic() + START_SECONDS
    while redis.scard("rq:workers") < len(WORKERS) + 1:
        if time.monotonic() > deadline:
            raise ServiceError("The workers did not get ready.")
        time.sleep(0.1)
