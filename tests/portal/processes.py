"""What the tests of the supervisor look at: the machine's own list of processes."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path


def until(condition: Callable[[], object], *, within: float = 10.0) -> bool:
    """Ask again and again, for `within` seconds at most, whether the condition holds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def members(family: str) -> set[int]:
    """The living processes that carry FAMILY=<family> in the environment they were started with."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            tag = f"FAMILY={family}".encode() in process.joinpath("environ").read_bytes().split(b"\0")
            if tag and alive(int(process.name)):
                found.add(int(process.name))
    return found


def alive(pid: int) -> bool:
    """Whether the process runs; one that is dead and waits to be buried does not."""
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def parent(pid: int) -> int:
    """The process that `pid` is a child of."""
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    """State, parent and more: what follows the name in proc_pid_stat(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
