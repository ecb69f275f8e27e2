"""What a program and all it has started have used of processor and memory."""

import os
from collections.abc import Iterator
from pathlib import Path


def processor_seconds(session: int) -> float:
    """Of all processes of a session, so far."""
    return sum(int(f[11]) + int(f[12]) for f in _stats(session)) / os.sysconf("SC_CLK_TCK")


def megabytes(session: int) -> float:
    """What they hold in memory now, together; what they share is counted for each."""
    return sum(int(f[21]) for f in _stats(session)) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _stats(session: int) -> Iterator[list[str]]:
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            fields = (directory / "stat").read_text().rsplit(") ", 1)[1].split()
        except (OSError, IndexError):  # it has ended meanwhile
            continue
        if int(fields[3]) == session:
            yield fields
