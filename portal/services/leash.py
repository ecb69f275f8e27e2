"""A leash: starts one program, and ends it and everything below it with whoever holds the other end.

    python leash.py HOLD DEATH_SIGNAL UID GID -- program argument…

HOLD is an inherited socket. The leash writes `<pid>` to it, or `0 <reason>` when the program cannot be started. Each byte it
reads is the number of a signal for the program. When the other end closes, however the holder ended, nothing below stays.

PR_SET_PDEATHSIG alone would not do: it is cleared by a change of user and never reaches grandchildren. A *subreaper* inherits
every orphan below it (prctl(2)), so neither a new session (PostgreSQL's backends) nor a new process group (RQ's work-horses)
gets away. Only the standard library is imported, and by path, so that a leash is there within milliseconds.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
LINUX = sys.platform.startswith("linux")


def main(arguments: Sequence[str]) -> int:
    """Run until the program has ended or the holder let go; answers the program's exit code, 128 + n for signal n."""
    hold, death_signal, uid, gid = (int(argument) for argument in arguments[:4])
    woken = _wake_on_signals()
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        program = _start(arguments[5:], death_signal, uid, gid)
    except OSError as error:
        os.write(hold, f"0 {error}\n".encode())
        return 127
    os.write(hold, f"{program.pid}\n".encode())
    code = _watch(program.pid, hold, woken)
    _end_everything(program.pid)
    return code if code >= 0 else 128 - code


def _wake_on_signals() -> int:
    """A file descriptor on which the number of each arriving signal can be read."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return woken


def _prctl(option: int, value: int) -> None:
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _start(command: Sequence[str], death_signal: int, uid: int, gid: int) -> "subprocess.Popen[bytes]":
    """Start the program in a session of its own, as the given user (-1: as ourselves).

    The caller keeps the answer: a forgotten Popen reaps its process by itself, and we would wait for the news for ever.
    """
    leash = os.getpid()

    def in_the_child() -> None:  # runs after the change of user, which would have cleared the death signal
        _prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != leash:  # the leash died before the line above
            os._exit(1)

    return subprocess.Popen(
        command,
        start_new_session=True,
        preexec_fn=in_the_child,
        user=uid if uid >= 0 else None,
        group=gid if uid >= 0 else None,
        extra_groups=() if uid >= 0 else None,
    )


def _watch(program: int, hold: int, woken: int) -> int:
    """Pass signals on; answers the program's exit code, negative for a signal, or -SIGKILL when the holder let go."""
    while True:
        readable, _, _ = select.select([hold, woken], [], [])
        if hold in readable and not _pass_on(program, hold):
            return -signal.SIGKILL
        if woken in readable and set(os.read(woken, 512)) != {signal.SIGCHLD}:
            return -signal.SIGKILL  # the leash itself was asked to end
        code = _reap(program)
        if code is not None:
            return code


def _pass_on(program: int, hold: int) -> bool:
    """Send the program the signals asked for; false when the holder is gone."""
    try:
        wanted = os.read(hold, 64)
    except OSError:  # ECONNRESET: the holder died without reading our first line
        return False
    for number in wanted:
        os.kill(program, number)  # not reaped yet, so the number is still its own
    return bool(wanted)


def _reap(program: int) -> int | None:
    """Bury all that have ended; answers the program's exit code when it was among them."""
    code = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            if ended[0] == program:
                code = os.waitstatus_to_exitcode(ended[1])
    return code


def _end_everything(program: int) -> None:
    """Kill generation after generation: the children of a killed process become ours."""
    if not LINUX:  # no subreaper there: what kept the program's group
        with contextlib.suppress(OSError):
            os.killpg(program, signal.SIGKILL)
        return
    while True:
        for pid in _children():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            gone, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not gone:
            time.sleep(0.005)


def _children() -> list[int]:
    return [pid for pid, parent, _ in processes() if parent == os.getpid()]


def processes() -> list[tuple[int, int, int]]:
    """(pid, parent, session) of every process; empty where there is no /proc. Fields as in proc_pid_stat(5)."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc") if LINUX else ()):
        with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", "rb") as stat:
            _, parent, _, session = stat.read().rpartition(b")")[2].split()[:4]
            found.append((int(entry), int(parent), int(session)))
    return found


def holds(program: int) -> bool:
    """Whether the process is on a leash whose holder is therefore alive, or is just being ended by it."""
    parent = {pid: parent for pid, parent, _ in processes()}.get(program)
    try:
        with open(f"/proc/{parent}/cmdline", "rb") as command:
            return os.fsencode(__file__) in command.read().split(b"\0")
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
