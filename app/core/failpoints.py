"""Places where the fault suite makes a process die, fail or wait. Outside of it each costs one comparison.

A file named after a point in FAILPOINTS_DIR arms it: the first process that comes by takes the file away and does what
it says, once: `kill`, `raise`, or `sleep 90` (seconds). The directory is refused outside of sandbox mode.
"""

import os
import signal
import time
from pathlib import Path

POINTS = frozenset(
    {
        "after_commit_before_bell",  # work is recorded, nobody was told
        "before_response",  # everything is written, the browser or Stripe does not know
        "before_stripe",  # an intent is written, nothing was sent
        "after_stripe_before_commit",  # Stripe did it, we have not written it down
        "event_claimed",
        "handler_mid",  # a handler has written, nothing is committed
        "event_before_commit",
        "task_claimed",
        "task_before_commit",
        "before_mail",
        "after_mail_before_commit",  # the mail server said yes
        "document_before_rename",
    }
)
TAKEN = ".taken"

_switches: Path | None = None


class FailpointError(Exception):
    """What an armed `raise` raises."""


def watch(directory: Path | None) -> None:
    """Look for armed points in `directory` from now on; None, as in production, for none at all."""
    global _switches
    _switches = directory


def failpoint(name: str) -> None:
    """Nothing, unless the fault suite has armed this point. Raises FailpointError."""
    if _switches is None:
        return
    if name not in POINTS:
        raise ValueError(f"{name} is no failpoint")
    switch = _switches / name
    taken = switch.with_suffix(TAKEN)
    try:
        switch.rename(taken)  # one process of all that may come by
    except FileNotFoundError:
        return
    _do(*taken.read_text().split())


def _do(action: str, seconds: str = "0") -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        raise FailpointError
    time.sleep(float(seconds))
