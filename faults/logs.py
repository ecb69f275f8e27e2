"""What the portal's processes wrote, and what must not be in it (oracle O8)."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from faults.house import PORTAL, House

Marks = dict[Path, int]


def mark(house: House) -> Marks:
    """How far the logs have come."""
    files = [house.logs / f"{name}.log" for name in PORTAL]
    return {file: file.stat().st_size if file.exists() else 0 for file in files}


def lines(since: Marks) -> Iterator[tuple[str, str]]:
    """The process and the line, of everything written since."""
    for file, size in since.items():
        if not file.exists():
            continue
        with file.open(errors="replace") as log:
            log.seek(size if file.stat().st_size >= size else 0)
            for line in log:
                yield file.stem, line.rstrip("\n")


def entries(since: Marks, event: str) -> list[dict[str, Any]]:
    """The structured lines with this `event`."""
    return [found for _, line in lines(since) if (found := _parsed(line)) and found.get("event") == event]


def complaints(since: Marks, explained: Iterable[str], unspeakable: Iterable[str]) -> list[str]:
    """Unexplained tracebacks, and lines that say what must not be said; `unspeakable` are secrets and personal data."""
    forbidden, allowed, found = list(unspeakable), set(explained), []
    for process, line in lines(since):
        entry = _parsed(line)
        if entry is None and line.startswith("Traceback"):
            found.append(f"{process} wrote a bare traceback")
        elif entry and "Traceback" in str(entry.get("exception", "")) and entry.get("event") not in allowed:
            found.append(f"{process}: traceback at “{entry.get('event')}”: {_error(str(entry['exception']))}")
        if any(word in line for word in forbidden) or re.search(r"(pi|seti)_\w+_secret_\w+", line):
            found.append(f"{process} wrote a secret or personal data: {line[:120]}")
    return sorted(set(found))


def _error(trace: str) -> str:
    """The line of a traceback that names the error; what follows it may be explanations."""
    named = [line for line in trace.splitlines() if re.match(r"[A-Za-z_.]+: ", line) and "Background on" not in line]
    return (named or [trace.strip().splitlines()[-1]])[-1][:200]


def _parsed(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
