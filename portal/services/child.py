"""A program under supervision: what it is (`Child`), and one run of it at the end of a leash (`Run`)."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from portal.services import leash
from portal.services.account import Account

LOG_LIMIT = 5_000_000  # bytes after which a log is put aside at the next start; one older file is kept


class ServiceError(Exception):
    """Something is wrong with this machine or a program on it; the message is a sentence for the person at the terminal."""


@dataclass(frozen=True)
class Child:
    """A program to keep running. Times are in seconds."""

    name: str
    command: Sequence[str | Path]
    env: Mapping[str, str] = field(default_factory=dict)  # on top of the environment we have ourselves
    cwd: Path | None = None
    account: Account | None = None  # None: as ourselves
    before: Callable[[], None] = lambda: None  # tidies up before each start
    ready: Callable[[], bool] = lambda: True
    ready_within: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 5.0  # from the stop signal until everything is killed
    death_signal: signal.Signals = signal.SIGKILL  # what the program gets should its own leash be killed


class Run:
    """One run of a child, from its start to its end."""

    def __init__(self, child: Child, log: Path) -> None:
        """Start it. ServiceError when it cannot be started."""
        child.before()
        self._hold, far_end = socket.socketpair()
        with far_end, _opened(log) as output:
            self._leash = subprocess.Popen(
                [sys.executable, "-I", "-S", leash.__file__, *_arguments(child, far_end.fileno())],
                cwd=child.cwd,
                env=os.environ | child.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[far_end.fileno()],
            )
        self.pid = self._await_pid(child)

    def _await_pid(self, child: Child) -> int:
        with self._hold.makefile("r") as lines:
            pid, _, reason = lines.readline().strip().partition(" ")
        if pid in ("", "0"):
            self._hold.close()
            self._leash.wait()
            raise ServiceError(f"{child.name} cannot be started: {reason or 'its leash ended at once'}.")
        return int(pid)

    def send(self, number: int) -> None:
        """Send the program a signal, through its leash, which knows whether the pid is still its own."""
        with contextlib.suppress(OSError):  # it has ended already
            self._hold.send(bytes([number]))

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until the program and everything below it has ended; answers its exit code (128 + n for signal n)."""
        try:
            code = self._leash.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        self._hold.close()
        if code < 0:  # the leash itself was killed
            _kill_session(self.pid)
        return code

    def end(self, number: int, grace: float) -> None:
        """Ask the program to stop, give it `grace` seconds, then kill whatever is left."""
        self.send(number)
        if self.wait(grace) is None:
            self._hold.close()
            self.wait()


def _arguments(child: Child, hold: int) -> list[str]:
    other = child.account if child.account and child.account.uid != os.geteuid() else None
    uid, gid = (other.uid, other.gid) if other else (-1, -1)
    return [str(hold), str(int(child.death_signal)), str(uid), str(gid), "--", *map(str, child.command)]


def _opened(log: Path) -> BinaryIO:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))
    return open(log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600))


def _kill_session(session: int) -> None:
    """Without its leash the program got its death signal from the kernel; the rest of its session did not."""
    for pid, _, its_session in leash.processes():
        if its_session == session:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
