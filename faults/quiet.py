"""Is everything done? What is still going on, in sentences (oracles O9, O10)."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import requests

from faults.house import WEBS, House

POLL_SECONDS = 0.1
IN_A_MOMENT = timedelta(seconds=2)
"""The sandbox tells whole seconds, so a task that was just recorded seems to be due a little later."""

UNDER_WAY = {
    "events are not handled": "SELECT count(*) FROM inbox_events WHERE state = 'received'",
    "events are claimed": "SELECT count(*) FROM inbox_events WHERE lease_owner IS NOT NULL",
    "tasks are claimed": "SELECT count(*) FROM tasks WHERE lease_owner IS NOT NULL",
    "leases are held": "SELECT count(*) FROM named_leases WHERE until > now()",
    "calls to Stripe have an unknown end": "SELECT count(*) FROM stripe_intents WHERE state IN ('started', 'unknown')",
}
DUE = "SELECT kind, count(*) FROM tasks WHERE state = 'pending' AND run_at <= %s GROUP BY kind"


def unrest(house: House) -> list[str]:
    """What is under way or waits, one sentence each; empty when all is done. Parked rows are done: O1 looks at them."""
    pending = house.sandbox("GET", "deliveries/pending")["pending"]
    found = [f"{pending} events are on their way"] if pending else []
    for what, sql in UNDER_WAY.items():
        if number := house.count(sql):
            found.append(f"{number} {what}")
    soon = datetime.fromtimestamp(house.business_now(), UTC) + IN_A_MOMENT
    return found + [f"{number} tasks {kind} are due" for kind, number in house.rows(DUE, soon)]


def unready(house: House) -> list[str]:
    """Which web servers do not say of themselves that they are ready (oracle O10)."""
    return [f"{name} says {word}" for name in WEBS if (word := readiness(house, name)) != "ok"]


def readiness(house: House, name: str) -> str:
    """What one web server says at /readyz: ok, degraded, down; or the error of asking."""
    try:
        answer = requests.get(f"{house.web_url(name)}/readyz", headers={"Host": house.host}, timeout=10)
        return str(answer.json()["status"])
    except (requests.RequestException, ValueError) as error:
        return type(error).__name__


def wait(happened: Callable[[], object], what: str, seconds: float) -> None:
    """Wait until `happened()`; AssertionError naming `what` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(POLL_SECONDS)


def settle(house: House, seconds: float, *, ready: bool = True) -> list[str]:
    """Wait until all is quiet and the web servers are `ready`; answers what is not so, after so many seconds."""
    deadline = time.monotonic() + seconds
    while (found := unrest(house) or (unready(house) if ready else [])) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return found
